// What the updater takes for healthy services.
#include "updater/machine_services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "stack/applied.hpp"
#include "tests/support/fake_units.hpp"

namespace stratify::updater {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFiles = "webdav.service";
constexpr const char* kCalendar = "radicale.service";

UnitState running(std::uint64_t since) {
  return {.load = "loaded",
          .active = "active",
          .sub = "running",
          .result = "success",
          .status_text = "",
          .active_since = since};
}

// Asked by the name of a container.
class FakeHealth final : public ContainerHealth {
 public:
  std::map<std::string, bool> sick;
  Result<bool> is_healthy(const std::string& container) override { return !sick.contains(container); }
};

class TheServices : public testing::Test {
 protected:
  void SetUp() override {
    stack::Applied applied;
    applied.units = {{kFiles, {}}, {kCalendar, {}}};
    ASSERT_TRUE(stack::save_applied(folder_.path(), applied));
    units_.states = {{kFiles, running(1)}, {kCalendar, running(2)}, {"haven-stack.service", running(3)}};
  }

  // in_between: what happens at every look.
  MachineServices services(std::chrono::seconds trial, std::function<void()> in_between = [] {}) {
    return {units_,
            health_,
            {.root = folder_.path(),
             .trial = trial,
             .patience = std::chrono::seconds(0),
             .pause = [in_between = std::move(in_between)](auto) { in_between(); },
             .say = [](std::string_view) {}}};
  }
  std::string reason(const Result<void>& done) { return done ? "" : done.error().message(); }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  stratify::tests::FakeUnits units_;
  FakeHealth health_;
};

constexpr std::chrono::seconds kShort{0};
constexpr std::chrono::hours kLong{1};

TEST_F(TheServices, AreUpWhenEveryUnitRuns) { EXPECT_EQ(reason(services(kShort).come_up({})), ""); }

TEST_F(TheServices, AreNotUpWhenOneHasFailed) {
  units_.states[kFiles].active = "failed";
  EXPECT_THAT(reason(services(kShort).come_up({})), HasSubstr(kFiles));
  EXPECT_THAT(services(kShort).ailing().value(), ElementsAre(kFiles));
}

TEST_F(TheServices, AreNotUpWhenOneEndsAgainAndAgain) {
  units_.states[kFiles].active = "activating";
  units_.states[kFiles].sub = "auto-restart";
  EXPECT_THAT(reason(services(kShort).come_up({})), HasSubstr("it ends each time it is started"));
}

TEST_F(TheServices, ThatDidNotRunBeforeTheUpdateAreExcused) {
  units_.states[kFiles].active = "failed";
  EXPECT_EQ(reason(services(kShort).come_up({kFiles})), "");
  EXPECT_EQ(reason(services(kShort).stay_up({kFiles})), "");
}

TEST_F(TheServices, AreNotUpWhileTheStackHasNotEnded) {
  units_.states["haven-stack.service"].active = "activating";
  EXPECT_THAT(reason(services(kShort).come_up({})), HasSubstr("haven-stack.service"));
}

TEST_F(TheServices, AreNotUpWhenTheStackFailedBeforeItHadAny) {
  ASSERT_TRUE(stack::save_applied(folder_.path(), {}));
  units_.states["haven-stack.service"].active = "failed";
  EXPECT_THAT(reason(services(kShort).come_up({})),
              HasSubstr("haven-stack.service: cannot start: it failed"));
}

TEST_F(TheServices, StayedUpWhenNothingHappened) { EXPECT_EQ(reason(services(kShort).stay_up({})), ""); }

TEST_F(TheServices, DidNotStayUpWhenOneRestarted) {
  const auto done = services(kLong, [&] { units_.states[kCalendar].active_since = 9; }).stay_up({});
  EXPECT_THAT(reason(done), HasSubstr("radicale.service: cannot watch: it has restarted"));
}

TEST_F(TheServices, DidNotStayUpWhenOneEnded) {
  const auto done = services(kLong, [&] { units_.states[kFiles].active = "failed"; }).stay_up({});
  EXPECT_THAT(reason(done), HasSubstr("it was running; now it is failed"));
}

TEST_F(TheServices, DidNotStayUpWhenAHealthCommandFailsInBetween) {
  const auto done = services(kLong, [&] { health_.sick["webdav"] = true; }).stay_up({});
  EXPECT_THAT(reason(done), HasSubstr("webdav.service: cannot check: its health command fails"));
}

TEST_F(TheServices, AreJudgedOnlyWhileTheMachineRuns) {
  const auto done = services(kLong, [&] { units_.system = "stopping"; }).stay_up({});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().category(), Category::kUnavailable);
}

TEST_F(TheServices, AreStoppedAfterWhatWouldStartThemAgain) {
  ASSERT_TRUE(services(kShort).stop());
  std::vector<std::string> stopped;
  for (const auto& job : units_.jobs) stopped.push_back(job.unit);
  EXPECT_THAT(stopped, ElementsAre("haven-dns.timer", "haven-dns.service", "haven-health.service",
                                   "haven-stack.service", kCalendar, kFiles));
}

TEST_F(TheServices, AreNotKeptByALoginFromTheRestart) {
  ASSERT_TRUE(services(kShort).restart_machine());
  EXPECT_THAT(units_.jobs,
              ElementsAre(UnitJob{.verb = UnitVerb::kStart, .unit = "reboot.target", .irreversible = true}));
}

TEST_F(TheServices, ThatDoNotStopAreNamed) {
  units_.job_result = "timeout";
  EXPECT_THAT(reason(services(kShort).stop()), HasSubstr("webdav.service (timeout)"));
}

}  // namespace
}  // namespace stratify::updater
