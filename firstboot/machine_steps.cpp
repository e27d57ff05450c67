#include "firstboot/machine_steps.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "firstboot/configuration.hpp"
#include "platform/file.hpp"
#include "stack/live.hpp"
#include "stack/secrets.hpp"

namespace stratify::firstboot {

namespace {

constexpr const char* kStack = "haven-stack.service";
constexpr const char* kConfiguration = "etc/openhaven/cloud.yaml";

// Tells what a unit says about itself, each line once, until destroyed.
class Watcher {
 public:
  Watcher(Units& units, const Report& report, std::chrono::milliseconds every)
      : thread_(
            [&units, &report, every](const std::stop_token& stop) { watch(stop, units, report, every); }) {}

 private:
  static void watch(const std::stop_token& stop, Units& units, const Report& report,
                    std::chrono::milliseconds every) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any stopped;
    std::string last;
    while (!stop.stop_requested()) {
      const auto state = units.state(kStack);
      // Before it is being started again, its text is that of the last time.
      const bool news = state && state->active == "activating" && !state->status_text.empty();
      if (news && state->status_text != last) report(last = state->status_text);
      stopped.wait_for(lock, stop, every, [] { return false; });
    }
  }
  std::jthread thread_;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Result<Secret> MachineSteps::make_secrets(const stack::Domain& /*domain*/) {
  return Secret(TRY(stack::make_secrets(options_.root)));
}

Result<void> MachineSteps::write_configuration(const stack::Domain& domain) {
  const auto path = options_.root / kConfiguration;
  const auto found = TRY(configured_domain(path));
  if (found == domain) return {};
  const auto old = read_file(path, 1U << 20U);
  if (!old && old.error().category() != Category::kNotFound) return std::unexpected(old.error());
  return write_file_durably(path, with_domain(old.value_or(""), domain), 0644);
}

Result<void> MachineSteps::start_stack(const stack::Domain& /*domain*/, const Report& report) {
  const Watcher watcher(watch_, report, options_.look_every);
  return run_job(jobs_, {.verb = UnitVerb::kRestart, .unit = kStack}, options_.start_limit);
}

// The units behind the addresses that are not active yet.
Result<std::vector<std::string>> MachineSteps::waiting_for() {
  const auto file = options_.root / std::filesystem::path(stack::kLiveFile).relative_path();
  const auto live = TRY(stack::parse_live(TRY(read_file(file, 1U << 20U))));
  std::vector<std::string> waiting;
  for (const auto& address : live.addresses) {
    if (address.unit.empty()) continue;
    if (TRY(watch_.state(address.unit)).active != "active") waiting.push_back(address.unit);
  }
  return waiting;
}

Result<void> MachineSteps::see_health(const stack::Domain& /*domain*/, const Report& report) {
  const auto deadline = std::chrono::steady_clock::now() + options_.health_limit;
  std::string told;
  for (;;) {
    const auto waiting = TRY(waiting_for());
    if (waiting.empty()) return {};
    if (const auto text = "waiting for " + joined(waiting); text != told) report(told = text);
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(Category::kTimeout, "see healthy", joined(waiting),
                  "not active in time; see 'systemctl status'");
    }
    std::this_thread::sleep_for(options_.look_every);
  }
}

}  // namespace stratify::firstboot
