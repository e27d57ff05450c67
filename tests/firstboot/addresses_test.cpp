#include "firstboot/addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace stratify::firstboot {
namespace {

class AMachineWithCredentials : public testing::Test {
 protected:
  void SetUp() override { ::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1); }
  void TearDown() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  void pass(std::string_view address) {
    ASSERT_TRUE(write_file(folder_.path() / "openhaven.address", address));
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
};

TEST_F(AMachineWithCredentials, IsReachedWhereItsHostSays) {
  pass("127.0.0.1:8080");
  EXPECT_THAT(reachable_addresses(), testing::ElementsAre("127.0.0.1:8080"));
}

TEST_F(AMachineWithCredentials, IsReachedAtItsOwnAddressesWhenNoneIsPassed) {
  EXPECT_EQ(reachable_addresses(), own_addresses());
}

TEST_F(AMachineWithCredentials, ShowsNothingThatIsNoAddress) {
  for (const auto* const text : {"", "\x1b[2J", "a b", "http://elsewhere/"}) {
    pass(text);
    EXPECT_EQ(reachable_addresses(), own_addresses()) << text;
  }
}

}  // namespace
}  // namespace stratify::firstboot
