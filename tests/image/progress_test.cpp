#include "image/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace stratify::image {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ProgressTold : public testing::Test {
 protected:
  std::string told(ProgressStyle style) {
    std::ostringstream to;
    const auto progress = make_progress(style, to, [this] { return now_; });
    auto step = progress->step("fetch", {.total = 2000000, .unit = Unit::kBytes});
    now_ += 6s;
    step.add(1000000);
    progress->note("look here");
    now_ += 500ms;
    step.done("2 packages");
    return to.str();
  }

  std::chrono::steady_clock::time_point now_;
};

TEST_F(ProgressTold, InLinesSaysNowAndThenHowFarItIs) {
  EXPECT_EQ(told(ProgressStyle::kLines), "fetch: 1.0 MB of 2.0 MB\nlook here\nfetch: 6.5 s (2 packages)\n");
}

TEST_F(ProgressTold, OnATerminalIsABarThatBecomesALine) {
  EXPECT_EQ(told(ProgressStyle::kBars),
            "\r\033[Kfetch         0.0 s [....................] 0 B of 2.0 MB  "
            "\r\033[Kfetch         6.0 s [##########..........] 1.0 MB of 2.0 MB  "
            "\r\033[Klook here\n"
            "\r\033[Kfetch         6.5 s (2 packages)\n");
}

TEST_F(ProgressTold, InJsonIsOneObjectALine) {
  EXPECT_EQ(
      told(ProgressStyle::kJson),
      R"({"step":"fetch","state":"begun","unit":"bytes","done":0,"total":2000000,"seconds":0E0})"
      "\n"
      R"({"step":"fetch","state":"running","unit":"bytes","done":1000000,"total":2000000,"seconds":6E0})"
      "\n"
      R"({"note":"look here"})"
      "\n"
      R"({"step":"fetch","state":"done","unit":"bytes","done":1000000,"total":2000000,"seconds":6.5E0,"summary":"2 packages"})"
      "\n");
}

// Of a step in which nothing moves for a minute.
class ProgressOfLongWork : public testing::Test {
 protected:
  std::string told(ProgressStyle style) {
    std::ostringstream to;
    const auto progress = make_progress(style, to, [this] { return now_; });
    progress->tick();
    auto step = progress->step("compose", {.total = 241});
    step.doing("os: making the initramfs for Linux 6.12.57+deb13-amd64 and what else there may be");
    for (int i = 0; i < 2; ++i) {
      now_ += 31s;
      progress->tick();
    }
    return to.str();
  }

  std::chrono::steady_clock::time_point now_;
};

TEST_F(ProgressOfLongWork, OnATerminalMovesTheClockAndFitsTheLine) {
  const auto text = told(ProgressStyle::kBars);
  EXPECT_THAT(text,
              HasSubstr("compose      31.0 s [....................] 0 of 241  os: making the initramfs f\r"));
  EXPECT_THAT(text, HasSubstr("compose      62.0 s"));
}

TEST_F(ProgressOfLongWork, InLinesGivesASignOfLife) {
  EXPECT_EQ(told(ProgressStyle::kLines),
            "compose: os: making the initramfs for Linux 6.12.57+deb13-amd64 and what else there may be\n"
            "compose: 31.0 s so far\ncompose: 62.0 s so far\n");
}

TEST_F(ProgressTold, SilentlyIsNothing) { EXPECT_EQ(told(ProgressStyle::kSilent), ""); }

TEST_F(ProgressTold, OfAStepThatFailedSaysThatItStopped) {
  std::ostringstream to;
  const auto progress = make_progress(ProgressStyle::kLines, to, [this] { return now_; });
  {
    const auto step = progress->step("fetch");
  }
  EXPECT_EQ(to.str(), "fetch: stopped after 0.0 s\n");
}

TEST(AnAmount, IsGivenInTheUnitThatReadsBest) {
  EXPECT_EQ(amount(999, Unit::kBytes), "999 B");
  EXPECT_EQ(amount(1500, Unit::kBytes), "1.5 kB");
  EXPECT_EQ(amount(242000000, Unit::kBytes), "242 MB");
  EXPECT_EQ(amount(1234, Unit::kCount), "1234");
}

}  // namespace
}  // namespace stratify::image
