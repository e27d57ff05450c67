#include "updater/machine_services.hpp"

#include <algorithm>
#include <format>

#include "stack/applied.hpp"
#include "stack/configuration.hpp"

namespace stratify::updater {

namespace {

constexpr const char* kStack = "haven-stack.service";
constexpr const char* kRescue = "haven-rescue.service";
constexpr const char* kHealth = "haven-health.service";
// They would start services again, or wait for them, while data is to stand still.
constexpr const char* kDnsTimer = "haven-dns.timer";
constexpr const char* kDns = "haven-dns.service";

constexpr std::chrono::seconds kStopLimit{120};
constexpr std::chrono::seconds kStartLimit{900};
constexpr std::chrono::milliseconds kBetweenLooks{500};
constexpr std::chrono::seconds kBetweenHealthCommands{10};  // each starts a program in every container

std::vector<UnitJob> jobs(UnitVerb verb, const std::vector<std::string>& units) {
  std::vector<UnitJob> all;
  all.reserve(units.size());
  for (const auto& unit : units) all.push_back({.verb = verb, .unit = unit});
  return all;
}

std::string in_words(const UnitState& state) {
  return state.sub == "auto-restart" ? "it ends each time it is started" : "it is " + state.active;
}

std::string container_of(const std::string& unit) { return unit.substr(0, unit.rfind('.')); }

}  // namespace

Result<std::vector<std::string>> MachineServices::required(const std::vector<std::string>& excused) const {
  std::vector<std::string> units;
  for (const auto& [unit, applied] : TRY(stack::load_applied(options_.root)).units) {
    if (!std::ranges::contains(excused, unit)) units.push_back(unit);
  }
  return units;
}

Result<std::vector<std::string>> MachineServices::ailing() {
  std::vector<std::string> found;
  for (const auto& unit : TRY(required({}))) {
    if (TRY(units_.state(unit)).active != "active") found.push_back(unit);
  }
  return found;
}

Result<void> MachineServices::stop() {
  options_.say("stopping the services");
  std::vector<std::string> units{kDnsTimer, kDns, kHealth, kStack};
  std::ranges::copy(TRY(required({})), std::back_inserter(units));
  std::string failed;
  const JobListener listener{.on_finished = [&](const UnitJob& job, std::string_view result) {
    if (result != "done")
      failed += (failed.empty() ? "" : ", ") + job.unit + " (" + std::string(result) + ")";
  }};
  TRY(units_.run(jobs(UnitVerb::kStop, units), kStopLimit, listener));
  if (failed.empty()) return {};
  return fail(Category::kCommandFailed, "stop", failed, "see: journalctl -u UNIT");
}

Result<void> MachineServices::start() {
  options_.say("starting the services again");
  TRY(run_job(units_, {.verb = UnitVerb::kStart, .unit = kDnsTimer}, kStartLimit));
  return run_job(units_, {.verb = UnitVerb::kRestart, .unit = kStack}, kStartLimit);
}

// A machine that goes down stops its services, and that says nothing about them.
Result<void> MachineServices::pause() {
  options_.pause(kBetweenLooks);
  if (TRY(units_.system_state()) != "stopping") return {};
  return fail(Category::kUnavailable, "watch", "the services",
              "the machine is going down; after the start it goes on");
}

// haven-stack ends when every unit is up or has failed. Which of them, the units themselves are asked.
Result<void> MachineServices::wait_for_stack() {
  const auto end = std::chrono::steady_clock::now() + options_.patience;
  for (;;) {
    const auto state = TRY(units_.state(kStack));
    if (state.active == "active" || state.active == "failed") return {};
    if (std::chrono::steady_clock::now() > end)
      return fail(Category::kTimeout, "wait for", kStack,
                  "it is still " + state.active + ": " + state.status_text);
    TRY(pause());
  }
}

Result<void> MachineServices::come_up(const std::vector<std::string>& excused) {
  options_.say("waiting for the services");
  TRY(wait_for_stack());
  const auto units = TRY(required(excused));
  if (const auto stack = TRY(units_.state(kStack)); units.empty() && stack.active == "failed")
    return fail(Category::kCommandFailed, "start", kStack, "it failed; see: journalctl -u haven-stack");
  for (const auto& unit : units) {
    const auto state = TRY(units_.state(unit));
    if (state.active != "active")
      return fail(Category::kCommandFailed, "start", unit, in_words(state) + "; see: journalctl -u " + unit);
  }
  return see_addresses();
}

Result<void> MachineServices::see_addresses() {
  // Before the claim there are no addresses.
  if (!TRY(stack::load_configuration(options_.root))) return {};
  return run_job(units_, {.verb = UnitVerb::kRestart, .unit = kHealth}, kStartLimit);
}

Result<void> MachineServices::see_health(const std::vector<std::string>& units) {
  for (const auto& unit : units) {
    if (!TRY(health_.is_healthy(container_of(unit))))
      return fail(Category::kCommandFailed, "check", unit,
                  "its health command fails; see: journalctl -u " + unit);
  }
  return {};
}

Result<MachineServices::Starts> MachineServices::starts_of(const std::vector<std::string>& units) {
  Starts starts;
  for (const auto& unit : units) {
    const auto state = TRY(units_.state(unit));
    if (state.active != "active") {
      return fail(Category::kCommandFailed, "watch", unit,
                  "it was running; now " + in_words(state) + "; see: journalctl -u " + unit);
    }
    starts.emplace(unit, state.active_since);
  }
  return starts;
}

Result<void> MachineServices::stay_up(const std::vector<std::string>& excused) {
  const auto units = TRY(required(excused));
  const auto first = TRY(starts_of(units));
  const auto end = std::chrono::steady_clock::now() + options_.trial;
  auto health_is_due = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < end) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(end - std::chrono::steady_clock::now());
    options_.say(std::format("watching the services: {} s left", left.count()));
    TRY(pause());
    const auto now = TRY(starts_of(units));
    for (const auto& [unit, since] : first) {
      if (now.at(unit) != since)
        return fail(Category::kCommandFailed, "watch", unit, "it has restarted; see: journalctl -u " + unit);
    }
    if (std::chrono::steady_clock::now() < health_is_due) continue;
    TRY(see_health(units));
    health_is_due = std::chrono::steady_clock::now() + kBetweenHealthCommands;
  }
  TRY(see_health(units));
  return see_addresses();
}

Result<void> MachineServices::show_rescue(bool wanted) {
  return run_job(units_, {.verb = wanted ? UnitVerb::kStart : UnitVerb::kStop, .unit = kRescue}, kStopLimit);
}

Result<void> MachineServices::restart_machine() {
  options_.say("restarting the machine");
  return run_job(units_, {.verb = UnitVerb::kStart, .unit = "reboot.target", .irreversible = true},
                 kStartLimit);
}

}  // namespace stratify::updater
