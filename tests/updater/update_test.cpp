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

TEST_F(AnUpdate, RemembersWhatOfEtcStaysAsItsOwnerChangedIt) {
  machine.publish(kGood);
  update(machine);
  EXPECT_EQ(machine.record().etc_kept, std::vector<std::string>{"/etc/changed.conf"});
}

TEST_F(AnUpdate, BringsWhatWasFoundDamaged) {
  machine.publish(kGood);
  ASSERT_TRUE(machine.run([](Update& update) { return update.check(true); }));
  ASSERT_TRUE(machine.run([](Update& update) { return update.advance(); }));
  ASSERT_TRUE(machine.run([](Update& update) { return update.inspect(); }));
  EXPECT_EQ(machine.record().damaged, std::vector<std::string>{"ab12.file"});
  EXPECT_NE(machine.record().inspected, 0);
  EXPECT_EQ(machine.record().state, State::kIdle);  // not of what lay ready: that may lack the same
  update(machine);
  EXPECT_EQ(machine.record().damaged, std::vector<std::string>());
}

TEST_F(AnUpdate, GoesOnToTheNextVersion) {
  machine.publish(kGood);
  update(machine);
  machine.publish(kLater);
  update(machine);
  update(machine);
  EXPECT_EQ(machine.running_version(), "3.0");
}

using Images = std::set<std::string>;

// 2.0 to 4.0, each with an image of its own and one that all have.
class UpdatesWithBoundImages : public AnUpdate {
 protected:
  static FakeVersion version(std::uint64_t number) {
    const auto name = std::to_string(number) + ".0";
    return {.name = name, .number = number, .images = {"shared", "of-" + name}};
  }
  void go_to(const FakeVersion& version) {
    machine.publish(version);
    update(machine);
    update(machine);
  }
};

TEST_F(UpdatesWithBoundImages, KeepThoseOfTheRunningVersionAndOfTheOneBefore) {
  go_to(version(2));
  EXPECT_EQ(machine.images(), (Images{"shared", "of-2.0"}));
  go_to(version(3));
  EXPECT_EQ(machine.images(), (Images{"shared", "of-2.0", "of-3.0"}));
  go_to(version(4));
  EXPECT_EQ(machine.images(), (Images{"shared", "of-3.0", "of-4.0"}));
}

TEST_F(UpdatesWithBoundImages, RemoveThoseOfAVersionThatFailed) {
  go_to(version(2));
  auto bad = version(3);
  bad.stays_up = false;
  go_to(bad);
  EXPECT_EQ(machine.running_version(), "2.0");
  EXPECT_EQ(machine.images(), (Images{"shared", "of-2.0"}));
}

TEST_F(UpdatesWithBoundImages, RemoveThoseOfAVersionThatItsOwnerLeft) {
  go_to(version(2));
  go_to(version(3));
  ASSERT_TRUE(machine.run([](Update& update) { return update.send_back(true); }));
  machine.settle();
  EXPECT_EQ(machine.running_version(), "2.0");
  EXPECT_EQ(machine.images(), (Images{"shared", "of-2.0"}));
}

TEST_F(UpdatesWithBoundImages, EndWellThoughOneCannotBeRemovedAndTryAgainTheNextTime) {
  machine.use_image("of-2.0");
  for (const auto number : {2U, 3U, 4U}) go_to(version(number));
  EXPECT_EQ(machine.record().outcome->kind, "confirmed");
  EXPECT_EQ(machine.images(), (Images{"shared", "of-2.0", "of-3.0", "of-4.0"}));
  machine.stop_using_images();
  go_to(version(5));
  EXPECT_EQ(machine.images(), (Images{"shared", "of-4.0", "of-5.0"}));
}

TEST_F(UpdatesWithBoundImages, RemoveThoseOfAVersionThatWasOvertaken) {
  machine.publish(version(2));
  ASSERT_TRUE(machine.run([](Update& update) { return update.check(true); }));
  ASSERT_TRUE(machine.run([](Update& update) { return update.advance(); }));
  machine.publish(version(3));
  ASSERT_TRUE(machine.run([](Update& update) { return update.check(true); }));
  EXPECT_EQ(machine.images(), (Images{"shared", "of-2.0"}));
  update(machine);
  EXPECT_EQ(machine.images(), (Images{"shared", "of-3.0"}));
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

TEST_F(AnUpdate, ThatIsStuckShowsTheRescuePageUntilSomethingIsHealthy) {
  machine.install({.name = "1.0", .number = 1, .stays_up = false, .migrates = false});
  machine.publish({.name = "2.0", .number = 2, .stays_up = false});
  update(machine);
  EXPECT_TRUE(machine.rescue_is_shown());
  machine.power_cycle();
  EXPECT_TRUE(machine.rescue_is_shown());
  machine.mend();
  static_cast<void>(machine.run([](Update& update) { return update.judge(); }));
  EXPECT_EQ(machine.record().state, State::kIdle);
  EXPECT_FALSE(machine.rescue_is_shown());
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

TEST_F(AnUpdate, WhoseDownloadWasDamagedIsFetchedAgainAfterTheNextLook) {
  machine.publish(kGood);
  static_cast<void>(machine.run([](Update& update) { return update.check(true); }));
  machine.fault(machine.effects_so_far(), FakeMachine::Fault::kRefuses);
  EXPECT_FALSE(machine.run([](Update& update) { return update.advance(); }));
  EXPECT_EQ(machine.record().outcome->kind, "refused");
  update(machine);
  EXPECT_EQ(machine.running_version(), "2.0");
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
      {"good, with bound images", {.name = "2.0", .number = 2, .images = {"mail", "office"}}},
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
  EXPECT_TRUE(machine.has_images_of_what_runs()) << where;
  EXPECT_TRUE(machine.record().outcome) << where;
  machine.withdraw();
  machine.publish({.name = "4.0", .number = 4});
  update(machine);
  update(machine);
  EXPECT_EQ(machine.running_version(), "4.0") << where;
}

using Rows = std::set<std::pair<State, Event>>;

// One machine that begins with the old version.
struct Run {
  explicit Run(const FakeVersion& published = kGood, const FakeVersion& old = kOld) {
    machine.install(old);
    machine.publish(published);
  }
  Run& then(const FakeMachine::Verb& verb) {
    static_cast<void>(machine.run(verb));
    return *this;
  }
  Run& check() {
    return then([](Update& update) { return update.check(true); });
  }
  Run& advance() {
    return then([](Update& update) { return update.advance(); });
  }
  Run& switch_over() {
    return then([](Update& update) { return update.switch_over(); });
  }
  Run& judge() {
    return then([](Update& update) { return update.judge(); });
  }
  Run& send_back() {
    return then([](Update& update) { return update.send_back(true); });
  }
  // Advances by so many states, of four to staged: each is an effect and its record.
  Run& advance_by(std::size_t states) {
    if (states < 4) machine.fault(machine.effects_so_far() + 2 * states, Fault::kFails);
    return advance();
  }

  TemporaryFolder folder = TemporaryFolder::create(testing::TempDir()).value();
  FakeMachine machine{folder.path()};
};

std::size_t effects_of(const Story& story) {
  Run run(story.version);
  update(run.machine);
  return run.machine.effects_so_far();
}

Rows die_once(const Story& story, Fault fault, std::size_t at) {
  Run run(story.version);
  run.machine.fault(at, fault);
  update(run.machine);
  update(run.machine);
  check_invariants(run.machine, story,
                   std::string(story.name) + ", fault " + std::to_string(static_cast<int>(fault)) +
                       ", effect " + std::to_string(at));
  return run.machine.rows_taken();
}

Rows die_everywhere() {
  Rows rows;
  for (const auto& story : stories()) {
    const auto effects = effects_of(story);
    EXPECT_GT(effects, 20U);
    for (const auto fault : {Fault::kKilledBefore, Fault::kKilledAfter, Fault::kPowerCutBefore,
                             Fault::kPowerCutAfter, Fault::kFails}) {
      for (std::size_t at = 0; at < effects && !testing::Test::HasFailure(); ++at)
        rows.merge(die_once(story, fault, at));
    }
  }
  return rows;
}

// What people and publishers do in the middle: a later version comes, the version is withdrawn or refused.
Rows meddle() {
  Rows rows;
  for (std::size_t states = 0; states < 5; ++states) {
    Run overtaken;
    overtaken.check().advance_by(states).machine.publish(kLater);
    rows.merge(Rows(overtaken.check().machine.rows_taken()));
    Run withdrawn;
    withdrawn.check().advance_by(states).machine.withdraw();
    rows.merge(Rows(withdrawn.check().machine.rows_taken()));
    if (states == 4) break;
    Run refused;
    refused.check().machine.fault(refused.machine.effects_so_far() + 2 * states, Fault::kRefuses);
    rows.merge(Rows(refused.advance().machine.rows_taken()));
  }
  return rows;
}

// The owner goes back, at every time one can.
Rows go_back() {
  Rows rows;
  Run confirmed;
  rows.merge(Rows(confirmed.check().advance().switch_over().judge().send_back().machine.rows_taken()));
  Run booted;
  rows.merge(Rows(booted.check().advance().switch_over().send_back().machine.rows_taken()));
  Run on_trial;
  on_trial.check().advance().switch_over();
  on_trial.machine.fault(on_trial.machine.effects_so_far() + 1, Fault::kFails);
  rows.merge(Rows(on_trial.judge().send_back().machine.rows_taken()));
  return rows;
}

// What is tried in vain, and what nobody can mend but a person or a later version.
Rows give_up() {
  Rows rows;
  Run vain;
  vain.check();
  for (unsigned i = 0; i < kMostAttempts; ++i) {
    vain.advance().machine.fault(vain.machine.effects_so_far() + 1, Fault::kFails);
    vain.switch_over();
  }
  EXPECT_EQ(vain.machine.record().state, State::kIdle);
  EXPECT_EQ(vain.machine.record().outcome->kind, "refused");
  rows.merge(Rows(vain.machine.rows_taken()));
  const FakeVersion sick{.name = "1.0", .number = 1, .stays_up = false, .migrates = false};
  Run stuck({.name = "2.0", .number = 2, .stays_up = false}, sick);
  update(stuck.machine);
  EXPECT_EQ(stuck.machine.record().state, State::kStuck);
  stuck.machine.publish(kLater);
  rows.merge(Rows(stuck.check().machine.rows_taken()));
  Run mended({.name = "2.0", .number = 2, .stays_up = false}, sick);
  update(mended.machine);
  mended.machine.mend();
  rows.merge(Rows(mended.judge().machine.rows_taken()));
  Run forgotten;  // the boot environment is lost while the new version runs
  forgotten.check().advance().switch_over().machine.lose_boot_environment();
  forgotten.machine.power_cycle();
  rows.merge(Rows(forgotten.machine.rows_taken()));
  Run on_trial;
  on_trial.check().advance().switch_over();
  on_trial.machine.fault(on_trial.machine.effects_so_far() + 1, Fault::kFails);
  on_trial.judge().machine.lose_boot_environment();
  on_trial.machine.power_cycle();
  rows.merge(Rows(on_trial.machine.rows_taken()));
  Run restarted;
  restarted.check().advance().machine.power_cycle();
  rows.merge(Rows(restarted.machine.rows_taken()));
  return rows;
}

TEST(Dying, AtEveryEffectOfEveryStoryEndsHealthyOrAsIfNeverTriedAndEveryRowOfTheTableIsTaken) {
  auto rows = die_everywhere();
  rows.merge(meddle());
  rows.merge(go_back());
  rows.merge(give_up());
  for (const auto& row : kTransitions) {
    EXPECT_TRUE(rows.contains({row.from, row.event})) << to_string(row.from) << ", " << to_string(row.event);
  }
}

}  // namespace
}  // namespace stratify::updater
