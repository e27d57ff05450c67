// A part of the day in local time.
#include "stack/window.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace stratify::stack {
namespace {

class AWindow : public testing::Test {
 protected:
  static void live_in(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  const Window night = parse_window("03:00-05:00").value();
};

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kJanuary = 1'800'000'000;  // 2027-01-15 08:00 UTC

TEST_F(AWindow, IsReadAsItIsWritten) {
  EXPECT_EQ(to_string(night), "03:00-05:00");
  for (const auto* wrong : {"", "3-5", "03:00", "03:60-05:00", "25:00-05:00", "03:00-05:00 ", "aa:bb-cc:dd"})
    EXPECT_FALSE(parse_window(wrong)) << wrong;
}

TEST_F(AWindow, IsOpenByTheLocalClock) {
  live_in("UTC");
  EXPECT_FALSE(is_open(night, kJanuary));
  EXPECT_EQ(opens_in(night, kJanuary), 19 * kHour);
  EXPECT_TRUE(is_open(night, kJanuary + 19 * kHour));
  EXPECT_FALSE(is_open(night, kJanuary + 21 * kHour));
  live_in("UTC-20");  // 20 hours ahead: 04:00 there
  EXPECT_TRUE(is_open(night, kJanuary));
}

TEST_F(AWindow, MayGoOverMidnight) {
  live_in("UTC");
  const auto late = parse_window("22:00-02:00").value();
  EXPECT_TRUE(is_open(late, kJanuary + 15 * kHour));
  EXPECT_TRUE(is_open(late, kJanuary + 17 * kHour));
  EXPECT_FALSE(is_open(late, kJanuary + 18 * kHour));
}

TEST_F(AWindow, MayBeTheWholeDay) {
  live_in("UTC");
  EXPECT_TRUE(is_open(parse_window("00:00-24:00").value(), kJanuary));
}

TEST_F(AWindow, ThatTheClockJumpsOverIsTheNextDay) {
  live_in("CET-1CEST,M3.5.0,M10.5.0/3");  // on 2027-03-28 at 02:00 it becomes 03:00
  const auto gap = parse_window("02:00-03:00").value();
  const std::int64_t evening = 1'806'184'800 - 6 * kHour;  // 2027-03-27 20:00 local
  const auto opens = opens_in(gap, evening);
  EXPECT_GT(opens, 24 * kHour);
  EXPECT_TRUE(is_open(gap, evening + opens));
}

TEST_F(AWindow, IsMetTwiceWhenTheClockGoesBackAndStillIsOneThatTheWallShows) {
  live_in("CET-1CEST,M3.5.0,M10.5.0/3");      // on 2027-10-31 at 03:00 it becomes 02:00
  const std::int64_t before = 1'824'940'800;  // 2027-10-31 00:00 UTC, 02:00 CEST
  EXPECT_TRUE(is_open(parse_window("02:00-03:00").value(), before));
  EXPECT_TRUE(is_open(parse_window("02:00-03:00").value(), before + kHour));
  EXPECT_FALSE(is_open(parse_window("02:00-03:00").value(), before + 2 * kHour));
}

}  // namespace
}  // namespace stratify::stack
