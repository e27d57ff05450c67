#include "firstboot/attempts.hpp"

#include <gtest/gtest.h>

namespace stratify::firstboot {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class GuessingTheCode : public testing::Test {
 protected:
  void guess(int times, std::string_view peer) {
    for (int i = 0; i < times; ++i) attempts_.count_wrong(peer);
  }
  std::chrono::steady_clock::time_point now_{minutes(1)};
  Attempts attempts_{[this] { return now_; }};
};

TEST_F(GuessingTheCode, LocksAnAddressAfterTheFifthWrongCode) {
  guess(4, "192.0.2.1");
  EXPECT_FALSE(attempts_.locked_for("192.0.2.1"));
  guess(1, "192.0.2.1");
  EXPECT_EQ(attempts_.locked_for("192.0.2.1"), seconds(600));
  EXPECT_FALSE(attempts_.locked_for("192.0.2.2"));
}

TEST_F(GuessingTheCode, MayBeTriedAgainAfterTenMinutes) {
  guess(5, "192.0.2.1");
  now_ += minutes(10) - seconds(1);
  EXPECT_EQ(attempts_.locked_for("192.0.2.1"), seconds(1));
  now_ += seconds(1);
  EXPECT_FALSE(attempts_.locked_for("192.0.2.1"));
  guess(5, "192.0.2.1");
  EXPECT_TRUE(attempts_.locked_for("192.0.2.1"));
}

TEST_F(GuessingTheCode, IsOverAfterThirtyFromEverywhere) {
  for (int i = 0; i < 29; ++i) guess(1, "192.0.2." + std::to_string(i));
  EXPECT_TRUE(attempts_.next_is_last());
  attempts_.forget();
  EXPECT_FALSE(attempts_.next_is_last());
}

TEST(APeer, IsCountedWithItsWholeNetworkWhenItHasOne) {
  EXPECT_EQ(counted_as("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(counted_as("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(counted_as("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(counted_as("fe80::1%eth0"), "fe80::");
  EXPECT_EQ(counted_as("not an address"), "unknown");
  EXPECT_EQ(counted_as(""), "unknown");
}

}  // namespace
}  // namespace stratify::firstboot
