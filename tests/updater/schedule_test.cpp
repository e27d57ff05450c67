// When what is due.
#include "updater/schedule.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace stratify::updater {
namespace {

constexpr Time kNoon = 1'800'014'400;  // 2027-01-15 12:00 UTC
constexpr Time kHour = 3600;

class ASchedule : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    record.inspected = kNoon;
    settings.source = "https://releases.example.org";
  }

  Next at(State state, const Situation& situation) {
    record.state = state;
    record.target = Target{.version = "2.0"};
    return next_step(record, settings, situation);
  }

  Record record;
  stack::UpdateSettings settings;
};

TEST_F(ASchedule, LooksAtTheListWhenThatIsDue) {
  EXPECT_EQ(at(State::kIdle, {.now = kNoon, .next_check = kNoon}).verb, "check");
  const auto later = at(State::kIdle, {.now = kNoon, .next_check = kNoon + kHour});
  EXPECT_EQ(later.verb, "");
  EXPECT_EQ(later.wake, kNoon + kHour);
}

TEST_F(ASchedule, AsksNobodyWithoutASource) {
  settings.source.clear();
  EXPECT_EQ(at(State::kIdle, {.now = kNoon}).verb, "");
}

TEST_F(ASchedule, PreparesWhatWasFoundAtOnceAndSwitchesInTheWindow) {
  const Situation noon{.now = kNoon, .next_check = kNoon + 100 * kHour};
  EXPECT_EQ(at(State::kChecked, noon).verb, "advance");
  EXPECT_EQ(at(State::kStaged, noon).verb, "");
  EXPECT_EQ(at(State::kStaged, {.now = kNoon + 15 * kHour + 1, .next_check = kNoon + 100 * kHour}).verb,
            "switch");
}

TEST_F(ASchedule, LooksForDamageOnceAMonthInTheWindow) {
  const Situation night{.now = kNoon + 15 * kHour + 1, .next_check = kNoon + 100 * kHour};
  record.inspected = 0;
  EXPECT_EQ(at(State::kIdle, {.now = kNoon, .next_check = kNoon + kHour}).verb, "");
  EXPECT_EQ(at(State::kIdle, night).verb, "inspect");
  EXPECT_EQ(at(State::kStaged, night).verb, "switch");
  record.inspected = night.now - 29 * 24 * kHour;
  EXPECT_EQ(at(State::kIdle, night).verb, "");
}

TEST_F(ASchedule, SwitchesAtOnceForTheOwner) {
  EXPECT_EQ(at(State::kStaged, {.now = kNoon, .next_check = kNoon + kHour, .wish = Wish::kInstall}).verb,
            "switch");
}

TEST_F(ASchedule, LaysAVersionOutForTheOwnerAndWaitsWithTheSwitch) {
  settings.automatic = false;
  const Situation prepare{.now = kNoon, .next_check = kNoon + kHour, .wish = Wish::kPrepare};
  EXPECT_EQ(at(State::kChecked, prepare).verb, "advance");
  EXPECT_EQ(at(State::kStaged, prepare).verb, "");
}

TEST_F(ASchedule, OnlyLooksWhenTheOwnerOnlyWantsALook) {
  settings.automatic = false;
  EXPECT_EQ(at(State::kIdle, {.now = kNoon, .next_check = 0, .wish = Wish::kLook}).verb, "check-by-hand");
  EXPECT_EQ(at(State::kChecked, {.now = kNoon, .next_check = kNoon + kHour, .wish = Wish::kLook}).verb, "");
}

TEST_F(ASchedule, LooksWhetherAMachineThatIsStuckGotHealthy) {
  EXPECT_EQ(at(State::kStuck, {.now = kNoon, .next_check = kNoon + kHour}).verb, "judge");
}

TEST_F(ASchedule, WaitsForTheOwnerInManualMode) {
  settings.automatic = false;
  const auto night = kNoon + 15 * kHour + 1;
  EXPECT_EQ(at(State::kChecked, {.now = night, .next_check = night + kHour}).verb, "");
  EXPECT_EQ(at(State::kStaged, {.now = night, .next_check = night + kHour}).verb, "");
}

TEST_F(ASchedule, DoesNotSwitchWhatTheOwnerDeferred) {
  const auto night = kNoon + 15 * kHour + 1;
  record.deferred_until = night + 24 * kHour;
  EXPECT_EQ(at(State::kStaged, {.now = night, .next_check = night + kHour}).verb, "");
}

TEST_F(ASchedule, FinishesWhatIsUnderWayBeforeAnythingElse) {
  const Situation due{.now = kNoon, .next_check = 0};
  EXPECT_EQ(at(State::kBooted, due).verb, "judge");
  EXPECT_EQ(at(State::kOnTrial, due).verb, "judge");
  EXPECT_EQ(at(State::kCondemned, due).verb, "judge");
  EXPECT_EQ(at(State::kRolledBack, due).verb, "judge");
  EXPECT_EQ(at(State::kSwitching, due).verb, "switch");
}

TEST_F(ASchedule, RestsAfterAFailureLongerEachTime) {
  const auto resting = at(State::kChecked, {.now = kNoon, .not_before = kNoon + 60});
  EXPECT_EQ(resting.verb, "");
  EXPECT_EQ(resting.wake, kNoon + 60);
  EXPECT_EQ(pause_after(0), 0);
  EXPECT_LT(pause_after(1), pause_after(2));
  EXPECT_EQ(pause_after(50), 24 * kHour);
}

TEST_F(ASchedule, AsksAtAnotherTimeOnEveryMachine) {
  EXPECT_EQ(check_interval(0), 5 * kHour);
  EXPECT_EQ(check_interval(1), 7 * kHour);
}

}  // namespace
}  // namespace stratify::updater
