#include "firstboot/machine_steps.hpp"

#include "firstboot/configuration.hpp"
#include "platform/file.hpp"
#include "stack/secrets.hpp"

namespace stratify::firstboot {

namespace {

constexpr const char* kStack = "haven-stack.service";
constexpr const char* kHealth = "haven-health.service";
constexpr const char* kConfiguration = "etc/openhaven/cloud.yaml";

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
  return restart(kStack, report);
}

Result<void> MachineSteps::see_health(const stack::Domain& /*domain*/, const Report& report) {
  return restart(kHealth, report);
}

Result<void> MachineSteps::restart(const char* unit, const Report& report) {
  auto done = run_job(units_, {.verb = UnitVerb::kRestart, .unit = unit}, options_.limit, report);
  if (done || done.error().category() != Category::kCommandFailed) return done;
  // The last thing it said is why.
  const auto state = units_.state(unit);
  if (!state || state->status_text.empty()) return done;
  return fail(Category::kCommandFailed, done.error().operation(), done.error().object(), state->status_text);
}

}  // namespace stratify::firstboot
