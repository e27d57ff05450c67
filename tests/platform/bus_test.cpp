#include "platform/bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bus_peer.hpp"

namespace stratify {
namespace {

using testing::ElementsAre;

constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kService = "org.freedesktop.systemd1.Service";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";

// systemd on a direct connection. Units have an end for their jobs; a job whose end is "" never ends. Every
// service said "old" before its job, and says "0/1", "1/1", "1/1" while it runs.
class PeerSystemd {
 public:
  using Ends = std::vector<std::pair<std::string, std::string>>;

  explicit PeerSystemd(Ends ends)
      : ends_(std::move(ends)),
        peer_(kPath, [this](sd_bus_message* call, sd_bus_error* error) { return answer(call, error); }) {}

  Bus take_client() { return peer_.take_client(); }
  // Of the jobs that were queued. Read them when these have ended.
  [[nodiscard]] const std::vector<std::string>& modes() const { return modes_; }

 private:
  int answer(sd_bus_message* call, sd_bus_error* error) {
    const std::string member(sd_bus_message_get_member(call));
    if (member == "Subscribe" || member == "Reload") return sd_bus_reply_method_return(call, "");
    if (member == "Get") return sd_bus_reply_method_return(call, "v", "s", "old");
    const char* unit = nullptr;
    sd_bus_message_read(call, "s", &unit);
    if (member == "LoadUnit") return sd_bus_reply_method_return(call, "o", unit_path(unit).c_str());
    const char* mode = nullptr;
    sd_bus_message_read(call, "s", &mode);
    modes_.emplace_back(mode);
    for (std::size_t job = 0; job < ends_.size(); ++job) {
      if (ends_[job].first == unit) return start(call, job);
    }
    return sd_bus_error_setf(error, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not found.", unit);
  }

  // As systemd does: the signal may be on its way before the caller has read the answer.
  int start(sd_bus_message* call, std::size_t job) {
    const auto path = std::string(kPath) + "/job/" + std::to_string(job);
    const auto& [unit, end] = ends_[job];
    for (const auto* text : {"old", "", "0/1", "1/1", "1/1"}) say(sd_bus_message_get_bus(call), unit, text);
    if (!end.empty()) {
      sd_bus_emit_signal(sd_bus_message_get_bus(call), kPath, kManager, "JobRemoved", "uoss",
                         static_cast<std::uint32_t>(job), path.c_str(), unit.c_str(), end.c_str());
    }
    return sd_bus_reply_method_return(call, "o", path.c_str());
  }

  static std::string unit_path(const std::string& unit) {
    return std::string(kPath) + "/unit/" + unit.substr(0, unit.find('.'));
  }

  // As systemd does: the two interfaces of a service apart, other properties before and after.
  static void say(sd_bus* bus, const std::string& unit, const char* text) {
    const auto path = unit_path(unit);
    sd_bus_emit_signal(bus, path.c_str(), kProperties, "PropertiesChanged", "sa{sv}as",
                       "org.freedesktop.systemd1.Unit", 1, "StatusText", "s", "of a unit", 0);
    sd_bus_emit_signal(bus, path.c_str(), kProperties, "PropertiesChanged", "sa{sv}as", kService, 3,
                       "MainPID", "u", 7U, "StatusText", "s", text, "Result", "s", "success", 0);
  }

  Ends ends_;
  std::vector<std::string> modes_;
  tests::BusPeer peer_;
};

class Systemd : public testing::Test {
 protected:
  static SystemdUnits units(PeerSystemd& peer) {
    auto units = SystemdUnits::on(peer.take_client());
    EXPECT_TRUE(units) << units.error().message();
    return *std::move(units);
  }
};

TEST_F(Systemd, TellsHowEachJobEnded) {
  PeerSystemd peer({{"a.service", "done"}, {"b.service", "failed"}});
  auto client = units(peer);
  const std::vector<UnitJob> jobs{{UnitVerb::kStart, "a.service"}, {UnitVerb::kRestart, "b.service"}};
  std::vector<std::string> ends;
  const auto ran = client.run(jobs, std::chrono::seconds(10),
                              {.on_finished = [&](const UnitJob& job, std::string_view result) {
                                ends.push_back(job.unit + " " + std::string(result));
                              }});
  ASSERT_TRUE(ran) << ran.error().message();
  EXPECT_THAT(ends, ElementsAre("a.service done", "b.service failed"));
}

TEST_F(Systemd, IsAskedForAJobThatNoLaterOneReplaces) {
  PeerSystemd peer({{"a.service", "done"}});
  auto client = units(peer);
  ASSERT_TRUE(run_job(client, {.verb = UnitVerb::kStart, .unit = "a.service"}, std::chrono::seconds(10)));
  ASSERT_TRUE(run_job(client, {.verb = UnitVerb::kStart, .unit = "a.service", .irreversible = true},
                      std::chrono::seconds(10)));
  EXPECT_THAT(peer.modes(), ElementsAre("replace", "replace-irreversibly"));
}

TEST_F(Systemd, TellsWhatAServiceSaysWhileItsJobRuns) {
  PeerSystemd peer({{"a.service", "done"}});
  auto client = units(peer);
  std::vector<std::string> said;
  const auto ran = run_job(client, {UnitVerb::kRestart, "a.service"}, std::chrono::seconds(10),
                           [&](std::string_view text) { said.emplace_back(text); });
  ASSERT_TRUE(ran) << ran.error().message();
  EXPECT_THAT(said, ElementsAre("0/1", "1/1"));
}

TEST_F(Systemd, GivesUpOnAJobThatDoesNotEnd) {
  PeerSystemd peer({{"slow.service", ""}});
  auto client = units(peer);
  const auto ran = run_job(client, {UnitVerb::kStart, "slow.service"}, std::chrono::seconds(1));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category(), Category::kTimeout);
  EXPECT_EQ(ran.error().message(),
            "slow.service: cannot start: not done in time; see 'systemctl status slow.service'");
}

TEST_F(Systemd, NamesAUnitItDoesNotKnow) {
  PeerSystemd peer({});
  auto client = units(peer);
  const auto ran = run_job(client, {UnitVerb::kStart, "none.service"}, std::chrono::seconds(10));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category(), Category::kNotFound);
  EXPECT_EQ(ran.error().message(), "none.service: cannot start: Unit none.service not found.");
}

TEST_F(Systemd, MakesAFailedJobAnErrorWhenOnlyOneIsRun) {
  PeerSystemd peer({{"b.service", "failed"}});
  auto client = units(peer);
  EXPECT_EQ(run_job(client, {UnitVerb::kStart, "b.service"}, std::chrono::seconds(10)).error().category(),
            Category::kCommandFailed);
}

TEST_F(Systemd, ReadsItsUnitsAgain) {
  PeerSystemd peer({});
  auto client = units(peer);
  EXPECT_TRUE(client.reload_all());
}

TEST_F(Systemd, ThatHasGoneIsUnavailable) {
  auto peer = std::make_unique<PeerSystemd>(PeerSystemd::Ends{});
  auto client = units(*peer);
  peer.reset();
  EXPECT_FALSE(client.reload_all());
}

}  // namespace
}  // namespace stratify
