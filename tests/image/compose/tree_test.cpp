#include "image/compose/tree.hpp"

#include <gtest/gtest.h>

namespace stratify::image {
namespace {

const std::vector<std::string> kExclude = {"/usr/share/doc/**", "!/usr/share/doc/*/copyright",
                                           "/etc/cron.*/**"};

TEST(AGlob, WithTwoStarsReachesAcrossFolders) {
  EXPECT_FALSE(is_kept(kExclude, "/usr/share/doc/bash/examples/a"));
  EXPECT_FALSE(is_kept(kExclude, "/etc/cron.daily/dpkg"));
  EXPECT_TRUE(is_kept(kExclude, "/usr/share/docs"));
}

TEST(AGlob, WithOneStarStaysInOneName) {
  EXPECT_FALSE(is_kept({"/a/*/c"}, "/a/b/c"));
  EXPECT_TRUE(is_kept({"/a/*/c"}, "/a/b/b/c"));
}

TEST(AGlob, WithABangKeepsWhatAnEarlierOneDropped) {
  EXPECT_TRUE(is_kept(kExclude, "/usr/share/doc/bash/copyright"));
  EXPECT_FALSE(is_kept(kExclude, "/usr/share/doc/bash/deep/copyright"));
}

LockedPackage package(const char* name, char digit) {
  return {.name = name,
          .version = "1",
          .architecture = "amd64",
          .suite = "trixie",
          .archive = "debian",
          .path = "pool",
          .sha256 = Sha256::parse(std::string(64, digit)).value()};
}

TEST(TheKeyOfATree, ChangesWithEveryInputAndWithNothingElse) {
  const TreeRecipe recipe{.name = "os", .packages = {"bash"}};
  const auto key = tree_ref(recipe, {package("bash", 'a')});
  EXPECT_EQ(tree_ref(recipe, {package("bash", 'a')}), key);
  EXPECT_NE(tree_ref(recipe, {package("bash", 'b')}), key);
  EXPECT_NE(tree_ref({.name = "os", .remove = {"bash"}}, {package("bash", 'a')}), key);
  EXPECT_NE(tree_ref({.name = "os", .exclude = {"/x"}}, {package("bash", 'a')}), key);
  EXPECT_NE(tree_ref({.name = "os", .ids = {.users = {{"a", 100}}}}, {package("bash", 'a')}), key);
  // Our own files are laid later: they must not compose a tree anew.
  EXPECT_EQ(tree_ref({.name = "os", .files = {{.from = "a", .to = "/a"}}}, {package("bash", 'a')}), key);
}

}  // namespace
}  // namespace stratify::image
