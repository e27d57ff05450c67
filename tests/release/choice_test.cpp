#include "release/choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/release/lists.hpp"

namespace stratify::release {
namespace {

using testing::HasSubstr;
using tests::barrier;
using tests::channel;
using tests::kDay;
using tests::kNow;
using tests::release;

// A machine that runs release 1 and had nothing newer.
Standing standing(std::uint64_t number = 1) {
  const auto running = release(number);
  return {.booted_commit = running.commit,
          .booted_timestamp = running.timestamp,
          .floor_number = number,
          .floor_serial = 7,
          .clock_floor = running.timestamp,
          .now = kNow};
}

// Version, or reason: what a test of the rules compares.
std::string outcome(const Choice& choice) {
  return choice ? choice->version : std::string(to_string(choice.error().reason));
}

std::string chosen(const std::vector<Release>& releases, const Standing& at) {
  return outcome(choose(channel(releases), at));
}

TEST(AMachine, GoesToTheNewestRelease) {
  EXPECT_EQ(chosen({release(1), release(2), release(3)}, standing()), "1.3");
}

TEST(AMachine, StaysAtTheNewestRelease) {
  const auto choice = choose(channel({release(1), release(2)}), standing(2));
  EXPECT_EQ(outcome(choice), "up-to-date");
  EXPECT_EQ(choice.error().sentence, "1.2 is the newest version.");
}

TEST(AMachine, WhoseReleaseIsNoLongerListedGoesToAYoungerOne) {
  EXPECT_EQ(chosen({release(5), release(6)}, standing(3)), "1.6");
}

TEST(AMachine, FromAnotherChannelNeverGoesToAnOlderCommit) {
  EXPECT_EQ(chosen({release(1), release(2)}, standing(3)), "older");
}

TEST(AMachine, DoesNotGoToAHigherNumberOfAnOlderCommit) {
  auto older = release(9);
  older.timestamp = release(1).timestamp;
  auto at = standing();
  at.booted_commit = tests::commit_of("built at home");
  EXPECT_EQ(chosen({older}, at), "older");
}

TEST(AMachine, DoesNotGoToALowerNumberWhateverItTakesTheAgeOfItsCommitFor) {
  auto at = standing(3);
  at.booted_timestamp = 0;
  at.floor_number = 0;
  EXPECT_EQ(chosen({release(1), release(2), release(3)}, at), "up-to-date");
}

TEST(AMachine, ThatWasTakenBackByItsOwnerWaitsForSomethingNewer) {
  auto at = standing();
  at.floor_number = 2;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "older");
  EXPECT_EQ(chosen({release(1), release(2), release(3)}, at), "1.3");
}

TEST(AMachine, ThatWasTakenBackGoesForwardAgainWhenItsOwnerAsks) {
  auto at = standing();
  at.floor_number = 3;
  at.by_hand = true;
  EXPECT_EQ(chosen({release(1), release(2), release(3)}, at), "1.3");
  EXPECT_EQ(chosen({release(1), release(2)}, at), "older");
}

TEST(AMachine, StopsAtEveryBarrier) {
  const std::vector<Release> releases{release(1), release(2), barrier(3), release(4), barrier(5), release(6)};
  EXPECT_EQ(chosen(releases, standing(1)), "1.3");
  EXPECT_EQ(chosen(releases, standing(3)), "1.5");
  EXPECT_EQ(chosen(releases, standing(5)), "1.6");
}

TEST(AMachine, StopsAtABarrierThoughItsOwnReleaseIsNotListed) {
  EXPECT_EQ(chosen({barrier(2), barrier(4), release(6)}, standing(3)), "1.4");
}

TEST(AMachine, NeverTriesABadReleaseAgainButAHigherOne) {
  auto at = standing();
  at.bad = {release(2).commit};
  const auto choice = choose(channel({release(1), release(2)}), at);
  EXPECT_EQ(outcome(choice), "only-bad");
  EXPECT_THAT(choice.error().sentence,
              HasSubstr("1.2 was taken back on this machine; the next one is tried"));
  EXPECT_EQ(chosen({release(1), release(2), release(3)}, at), "1.3");
  at.by_hand = true;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "only-bad");
}

TEST(AMachine, GoesToALowerReleaseWhenTheNewestIsBad) {
  auto at = standing();
  at.bad = {release(3).commit};
  EXPECT_EQ(chosen({release(1), release(2), release(3)}, at), "1.2");
}

TEST(AMachine, DoesNotGoAroundABarrierThatIsBad) {
  auto at = standing();
  at.bad = {release(2).commit};
  const auto choice = choose(channel({release(1), barrier(2), release(3)}), at);
  EXPECT_EQ(outcome(choice), "only-bad");
  EXPECT_THAT(choice.error().sentence, HasSubstr("versions after it cannot be reached"));
}

// Release 2 began a day ago and is open to all two days after that.
class ARollOut : public testing::Test {
 protected:
  [[nodiscard]] std::string at(double wariness, std::int64_t now, bool by_hand = false) const {
    auto machine = standing();
    machine.wariness = wariness;
    machine.now = now;
    machine.by_hand = by_hand;
    return chosen({release(1), rolling_}, machine);
  }
  ARollOut() { rolling_.rollout = {.start = kNow - kDay, .hours = 48}; }
  Release rolling_ = release(2);
};

TEST_F(ARollOut, ReachesMachinesByTheirPlace) {
  EXPECT_EQ(at(0, kNow - kDay), "1.2");
  EXPECT_EQ(at(0.5, kNow - 1), "held-back");
  EXPECT_EQ(at(0.5, kNow), "1.2");
  EXPECT_EQ(at(1, kNow + kDay - 1), "held-back");
  EXPECT_EQ(at(1, kNow + kDay), "1.2");
}

TEST_F(ARollOut, ThatHasNotBegunReachesNobody) { EXPECT_EQ(at(0, kNow - kDay - 1), "held-back"); }

TEST_F(ARollOut, DoesNotHoldBackAnOwnerWhoAsks) { EXPECT_EQ(at(1, kNow - kDay, true), "1.2"); }

TEST_F(ARollOut, SaysUntilWhenItHoldsBack) {
  auto machine = standing();
  machine.wariness = 1;
  const auto choice = choose(channel({release(1), rolling_}), machine);
  EXPECT_EQ(choice.error().until, kNow + kDay);
  EXPECT_EQ(
      choice.error().sentence,
      "1.2 is being rolled out and comes to this machine 2027-01-16 08:00 UTC. `haven update` takes it now.");
}

TEST_F(ARollOut, LeavesTheReleaseBeforeItToTheOthers) {
  auto machine = standing();
  machine.wariness = 1;
  auto next = release(3);
  next.rollout = rolling_.rollout;
  EXPECT_EQ(chosen({release(1), release(2), next}, machine), "1.2");
}

TEST_F(ARollOut, OfABarrierHoldsBackWhatIsAfterIt) {
  auto machine = standing();
  machine.wariness = 1;
  rolling_.barrier = true;
  EXPECT_EQ(chosen({release(1), rolling_, release(3)}, machine), "held-back");
}

TEST(AListThatExpired, ChangesNothing) {
  auto at = standing();
  at.now = channel({release(1)}).expires;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "expired");
  at.by_hand = true;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "expired");
  --at.now;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "1.2");
}

TEST(AListThatExpired, IsNotTakenForBeingUpToDate) {
  auto at = standing(2);
  at.now += 365 * kDay;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "expired");
}

TEST(AListOlderThanOneThatWasSeen, IsRefused) {
  auto at = standing();
  at.floor_serial = 8;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "list-is-older");
}

TEST(AClock, BeforeTheListWasIssuedIsWrong) {
  auto at = standing();
  at.by_hand = true;
  at.now = channel({release(1)}).issued - kClockTolerance;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "1.2");
  --at.now;
  EXPECT_EQ(chosen({release(1), release(2)}, at), "clock");
}

TEST(AClock, BeforeTheRunningVersionWasBuiltIsWrong) {
  auto list = channel({release(1), release(2)});
  list.issued = 0;
  auto at = standing();
  at.now = at.clock_floor - kClockTolerance - 1;
  EXPECT_EQ(outcome(choose(list, at)), "clock");
  at.now = 0;
  EXPECT_EQ(outcome(choose(list, at)), "clock");
}

class APinnedMachine : public testing::Test {
 protected:
  std::string pinned_to(std::uint64_t number) {
    at_.pinned = release(number).commit;
    return chosen({release(1), release(2), barrier(3), release(4), release(5)}, at_);
  }
  Standing at_ = standing();
};

TEST_F(APinnedMachine, StaysWhereItIs) { EXPECT_EQ(pinned_to(1), "pinned"); }

TEST_F(APinnedMachine, GoesToThePinnedReleaseAndNoFurther) { EXPECT_EQ(pinned_to(2), "1.2"); }

TEST_F(APinnedMachine, GoesThroughTheBarriersBeforeIt) { EXPECT_EQ(pinned_to(4), "1.3"); }

TEST_F(APinnedMachine, StaysWhenThePinnedReleaseIsNotListed) { EXPECT_EQ(pinned_to(9), "pinned"); }

TEST(ThePlaceInARollOut, IsTheSameForOneMachineAndVersion) {
  EXPECT_EQ(wariness_of("machine", "1.2"), wariness_of("machine", "1.2"));
  EXPECT_NE(wariness_of("machine", "1.2"), wariness_of("machine", "1.3"));
  EXPECT_NE(wariness_of("machine", "1.2"), wariness_of("machin", "e1.2"));
}

TEST(ThePlaceInARollOut, IsEvenOverManyMachines) {
  constexpr int kMachines = 1000;
  int first_half = 0;
  for (int i = 0; i < kMachines; ++i) {
    const auto place = wariness_of(std::to_string(i), "1.2");
    EXPECT_TRUE(place >= 0 && place < 1);
    if (place < 0.5) ++first_half;
  }
  EXPECT_NEAR(first_half, kMachines / 2, kMachines / 10);
}

}  // namespace
}  // namespace stratify::release
