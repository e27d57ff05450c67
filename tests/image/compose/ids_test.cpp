#include "image/compose/ids.hpp"

#include <gtest/gtest.h>

namespace stratify::image {
namespace {

constexpr auto kPasswd = "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n";
constexpr auto kGroup = "root:x:0:\nusers:x:100:\n_ssh:x:102:\n";

TEST(IdsThatScriptsChose, BecomeTheFixedOnes) {
  const auto ids =
      Renumbering::plan({.users = {{"sshd", 994}}, .groups = {{"_ssh", 989}}}, kPasswd, kGroup).value();
  EXPECT_EQ(ids.uid(101), 994U);
  EXPECT_EQ(ids.gid(102), 989U);
  EXPECT_EQ(ids.passwd(kPasswd),
            "root:x:0:0:root:/root:/bin/bash\nsshd:x:994:65534::/run/sshd:/usr/sbin/nologin\n");
  EXPECT_EQ(ids.group(kGroup), "root:x:0:\nusers:x:100:\n_ssh:x:989:\n");
}

TEST(IdsThatScriptsChose, AreLeftAloneOutsideTheRangeOfScripts) {
  const auto ids =
      Renumbering::plan({.users = {{"sshd", 994}}, .groups = {{"_ssh", 989}}}, kPasswd, kGroup).value();
  EXPECT_EQ(ids.uid(0), 0U);
  EXPECT_EQ(ids.uid(65534), 65534U);
}

TEST(AUserWithoutAFixedNumber, IsNamedWithOneThatIsFree) {
  const auto plan =
      Renumbering::plan({.users = {{"other", 999}}, .groups = {{"_ssh", 989}}}, kPasswd, kGroup);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message(),
            "users that packages made: cannot number: the recipe has no fixed number for some. Add\n"
            "  ids:\n    users:\n      sshd: 998");
}

}  // namespace
}  // namespace stratify::image
