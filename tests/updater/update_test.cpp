// Updates on a machine in memory: the good one, the ways a version can be bad, and the process dying
// everywhere.
#include "updater/update.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/updater/fake_machine.hpp"

namespace stratify::updater {
namespace {

using Fault = FakeMachine::Fault;

const FakeVersion kOld{.name = "1.0", .number = 1, .migrates = false};
const FakeVersion kGood{.name = "2.0", .number = 2};
const FakeVersion kLater{.name = "3.0", .number = 3};

constexpr const char* kUntouched = "written by a person";

// The owner asks for the update once; whatever dies on the way, the daemon goes on.
void update(FakeMachine& machine) {
  for (int i = 0; i < 10; ++i) {
    machine.settle();
    const auto state = machine.record().state;
    if (state == State::kIdle || state == State::kConfirmed || state == State::kRolledBack) {
      if (i > 0 && machine.record().outcome) return;
      static_cast<void>(machine.run([](Update& update) { return update.check(true); }));
    }
    static_cast<void>(machine.run([](Update& update) { return update.advance(); }));
    if (machine.record().state == State::kStaged)
      static_cast<void>(machine.run([](Update& update) { return update.switch_over(); }));
  }
}

class AnUpdate : public testing::Test {
 protected:
  void SetUp() override { machine.install(kOld); }

  TemporaryFolder folder = TemporaryFolder::create(testing::TempDir()).value();
  FakeMachine machine{folder.path()};
};

TEST_F(AnUpdate, EndsInTheNewVersionWithItsDataMigrated) {
  machine.publish(kGood);
  update(machine);
  EXPECT_EQ(machine.running_version(), "2.0");
  EXPECT_EQ(machine.data(), "written by a person, then migrated by 2.0");
  EXPECT_EQ(machine.record().outcome->kind, "confirmed");
  EXPECT_EQ(machine.record().floor_number, 2U);
  EXPECT_FALSE(machine.is_counting());
}

TEST_F(AnUpdate, GoesOnToTheNextVersion) {
  machine.publish(kGood);
  update(machine);
  machine.publish(kLater);
  update(machine);
  update(machine);
  EXPECT_EQ(machine.running_version(), "3.0");
}

struct BadVersion {
  const char* name;
  FakeVersion version;
};

class ABadVersion : public AnUpdate, public testing::WithParamInterface<BadVersion> {};

TEST_P(ABadVersion, LeavesTheMachineAsIfItHadNeverBeenTried) {
  machine.publish(GetParam().version);
  update(machine);
  EXPECT_EQ(machine.running_version(), "1.0");
  EXPECT_EQ(machine.data(), kUntouched);
  EXPECT_EQ(machine.record().state, State::kIdle);
  EXPECT_EQ(machine.record().outcome->kind, "rolled back");
  EXPECT_FALSE(machine.record().outcome->reason.empty());
  EXPECT_FALSE(machine.is_counting());
  EXPECT_EQ(machine.menu().size(), 1U);
}

TEST_P(ABadVersion, IsNotTriedAgainButAHigherOneIs) {
  machine.publish(GetParam().version);
  update(machine);
  static_cast<void>(machine.run([](Update& update) { return update.check(true); }));
  EXPECT_EQ(machine.record().state, State::kIdle);
  machine.publish(kLater);
  update(machine);
  update(machine);
  EXPECT_EQ(machine.running_version(), "3.0");
}

TEST_P(ABadVersion, LeavesItsDataUnderAName) {
  machine.publish(GetParam().version);
  update(machine);
  EXPECT_TRUE(machine.snapshots().contains(machine.record().outcome->failed_data));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ABadVersion,
    testing::Values(BadVersion{"DoesNotLoad", {.name = "2.0", .number = 2, .loads = false}},
                    BadVersion{"HasABrokenUpdater", {.name = "2.0", .number = 2, .updates = false}},
                    BadVersion{"DoesNotComeUp", {.name = "2.0", .number = 2, .comes_up = false}},
                    BadVersion{"DoesNotStayUp", {.name = "2.0", .number = 2, .stays_up = false}}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(AnUpdate, IsStuckWhenTheVersionBeforeIsNotHealthyEither) {
  machine.install({.name = "1.0", .number = 1, .stays_up = false, .migrates = false});
  machine.publish({.name = "2.0", .number = 2, .stays_up = false});
  update(machine);
  EXPECT_EQ(machine.running_version(), "1.0");
  EXPECT_EQ(machine.record().state, State::kStuck);
  EXPECT_EQ(machine.record().outcome->kind, "stuck");
}

TEST_F(AnUpdate, IsGoneBackFromByTheOwnersWish) {
  machine.publish(kGood);
  update(machine);
  ASSERT_TRUE(machine.run([](Update& update) { return update.send_back(true); }));
  machine.settle();
  EXPECT_EQ(machine.running_version(), "1.0");
  EXPECT_EQ(machine.data(), kUntouched);
  static_cast<void>(machine.run([](Update& update) { return update.check(false); }));
  EXPECT_EQ(machine.record().state, State::kIdle);
}

TEST_F(AnUpdate, IsGoneBackFromWithTodaysDataWhenTheOwnerSaysSo) {
  machine.publish(kGood);
  update(machine);
  machine.write_data("today");
  ASSERT_TRUE(machine.run([](Update& update) { return update.send_back(false); }));
  EXPECT_EQ(machine.running_version(), "1.0");
  EXPECT_EQ(machine.data(), "today");
}

TEST_F(AnUpdate, OfALostBootEnvironmentEndsInTheKnownVersion) {
  machine.publish(kGood);
  static_cast<void>(machine.run([](Update& update) { return update.check(true); }));
  static_cast<void>(machine.run([](Update& update) { return update.advance(); }));
  machine.publish({.name = "2.0", .number = 2, .updates = false});
  static_cast<void>(machine.run([&](Update& update) {
    auto switched = update.switch_over();
    machine.lose_boot_environment();
    return switched;
  }));
  machine.settle();
  EXPECT_EQ(machine.running_version(), "1.0");
  EXPECT_EQ(machine.data(), kUntouched);
}

TEST_F(AnUpdate, IsRefusedWhileAnotherIsOnItsWay) {
  machine.publish(kGood);
  const auto first = Turn::take(folder.path(), "fetching 2.0").value();
  const auto second = Turn::take(folder.path(), "checking");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().category(), Category::kConflict);
  EXPECT_NE(second.error().message().find("fetching 2.0"), std::string::npos) << second.error().message();
}

TEST(TheTurn, IsGivenBackByAProcessThatDied) {
  const auto folder = TemporaryFolder::create(testing::TempDir()).value();
  const auto pid = ::fork();
  if (pid == 0) {
    const auto turn = Turn::take(folder.path(), "fetching 2.0");
    ::_exit(turn ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(Turn::take(folder.path(), "checking"));
}

// Dying everywhere. The rows of the table that these runs take are compared with the table itself, so a new
// row without a run that takes it is a failure.

struct Story {
  const char* name;
  FakeVersion version;
};

const std::vector<Story>& stories() {
  static const std::vector<Story> kStories{
      {"good", kGood},
      {"does not load", {.name = "2.0", .number = 2, .loads = false}},
      {"broken updater", {.name = "2.0", .number = 2, .updates = false}},
      {"does not come up", {.name = "2.0", .number = 2, .comes_up = false}},
      {"does not stay up", {.name = "2.0", .number = 2, .stays_up = false}}};
  return kStories;
}

// Inv-A: a version runs. Inv-B, Inv-C: with the data that belongs to it. Inv-E: the next update works.
void check_invariants(FakeMachine& machine, const Story& story, const std::string& where) {
  ASSERT_FALSE(machine.is_broken()) << where;
  const bool is_new = machine.running_version() == "2.0";
  EXPECT_EQ(machine.data(), is_new ? "written by a person, then migrated by 2.0" : kUntouched) << where;
  EXPECT_TRUE(!is_new || (story.version.updates && story.version.stays_up && story.version.comes_up))
      << where;
  EXPECT_FALSE(machine.is_counting()) << where;
  EXPECT_TRUE(machine.services_run()) << where;
  EXPECT_TRUE(machine.record().outcome) << where;
  machine.withdraw();
  machine.publish({.name = "4.0", .number = 4});
  update(machine);
  update(machine);
  EXPECT_EQ(machine.running_version(), "4.0") << where;
}

std::size_t effects_of(const Story& story) {
  const auto folder = TemporaryFolder::create(testing::TempDir()).value();
  FakeMachine machine(folder.path());
  machine.install(kOld);
  machine.publish(story.version);
  update(machine);
  return machine.effects_so_far();
}

TEST(Dying, AtEveryEffectOfEveryStoryEndsHealthyOrAsIfNeverTried) {
  for (const auto& story : stories()) {
    const auto effects = effects_of(story);
    ASSERT_GT(effects, 20U);
    for (const auto fault : {Fault::kKilledBefore, Fault::kKilledAfter, Fault::kPowerCutBefore,
                             Fault::kPowerCutAfter, Fault::kFails}) {
      for (std::size_t at = 0; at < effects; ++at) {
        const auto folder = TemporaryFolder::create(testing::TempDir()).value();
        FakeMachine machine(folder.path());
        machine.install(kOld);
        machine.publish(story.version);
        machine.fault(at, fault);
        update(machine);
        update(machine);
        check_invariants(machine, story,
                         std::string(story.name) + ", fault " + std::to_string(static_cast<int>(fault)) +
                             ", effect " + std::to_string(at));
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace stratify::updater
