#include "platform/bus.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace stratify {

namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr std::uint64_t kCallMicroseconds =
    90'000'000;  // a loaded small machine takes its time for daemon-reload

Category category_of(const sd_bus_error* error, int number) {
  constexpr std::array<std::pair<const char*, Category>, 8> kNames{{
      {"org.freedesktop.systemd1.NoSuchUnit", Category::kNotFound},
      {"org.freedesktop.systemd1.LoadFailed", Category::kNotFound},
      {SD_BUS_ERROR_UNKNOWN_OBJECT, Category::kNotFound},
      {SD_BUS_ERROR_NO_REPLY, Category::kTimeout},
      {SD_BUS_ERROR_TIMEOUT, Category::kTimeout},
      {SD_BUS_ERROR_ACCESS_DENIED, Category::kPermission},
      {SD_BUS_ERROR_SERVICE_UNKNOWN, Category::kUnavailable},
      {SD_BUS_ERROR_NAME_HAS_NO_OWNER, Category::kUnavailable},
  }};
  const auto* found = std::ranges::find_if(
      kNames, [error](const auto& entry) { return sd_bus_error_has_name(error, entry.first) != 0; });
  if (found != kNames.end()) return found->second;
  if (number == -ETIMEDOUT) return Category::kTimeout;
  if (number == -EACCES || number == -EPERM) return Category::kPermission;
  const bool gone =
      number == -ECONNRESET || number == -ENOTCONN || number == -ENOENT || number == -ECONNREFUSED;
  return gone ? Category::kUnavailable : Category::kIo;
}

Unexpected plain_error(std::string operation, std::string object, int number) {
  return BusError().to_error(std::move(operation), std::move(object), number);
}

const char* method_of(UnitVerb verb) {
  switch (verb) {
    case UnitVerb::kStart:
      return "StartUnit";
    case UnitVerb::kStop:
      return "StopUnit";
    case UnitVerb::kRestart:
      return "RestartUnit";
    case UnitVerb::kReload:
      return "ReloadUnit";
  }
  std::unreachable();
}

// Jobs that are queued and not yet ended.
struct Pending {
  std::vector<std::pair<std::string, UnitJob>> jobs;  // by object path
  const Units::OnFinished* on_finished = nullptr;
};

int on_job_removed(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  auto& pending = *static_cast<Pending*>(data);
  const char* path = nullptr;
  const char* result = nullptr;
  const int read = sd_bus_message_read(message, "uoss", nullptr, &path, nullptr, &result);
  if (read < 0) return read;
  // Two of our jobs may have become one of systemd's.
  for (auto job = pending.jobs.begin(); job != pending.jobs.end();) {
    if (job->first != path) {
      ++job;
      continue;
    }
    const auto ended = std::move(job->second);
    job = pending.jobs.erase(job);
    if (*pending.on_finished) (*pending.on_finished)(ended, result);
  }
  return 0;
}

// The signal is matched before the first job is queued, so that no end can be missed. On a direct connection
// no message has a sender.
Result<BusSlot> watch_jobs(sd_bus* bus, Pending& pending) {
  sd_bus_slot* slot = nullptr;
  const char* sender = sd_bus_is_bus_client(bus) > 0 ? kService : nullptr;
  const int matched =
      sd_bus_match_signal(bus, &slot, sender, kPath, kManager, "JobRemoved", on_job_removed, &pending);
  if (matched < 0) return plain_error("watch the jobs of", "systemd", matched);
  return BusSlot(slot);
}

Result<std::string> queue(sd_bus* bus, const UnitJob& job) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int called = sd_bus_call_method(bus, kService, kPath, kManager, method_of(job.verb), error.get(),
                                        &raw, "ss", job.unit.c_str(), "replace");
  const BusMessage reply(raw);
  if (called < 0) return error.to_error(std::string(to_string(job.verb)), job.unit, called);
  const char* path = nullptr;
  const int read = sd_bus_message_read(reply.get(), "o", &path);
  if (read < 0) return plain_error("read systemd's answer about", job.unit, read);
  return path;
}

// Handles messages until no job is pending. kTimeout names the first that is.
Result<void> wait_for(sd_bus* bus, const Pending& pending, std::chrono::steady_clock::time_point deadline) {
  while (!pending.jobs.empty()) {
    const int processed = sd_bus_process(bus, nullptr);
    if (processed < 0) return plain_error("wait for", pending.jobs.front().second.unit, processed);
    if (processed > 0) continue;
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - std::chrono::steady_clock::now());
    const auto& job = pending.jobs.front().second;
    if (left.count() <= 0) {
      return fail(Category::kTimeout, std::string(to_string(job.verb)), job.unit,
                  "not done in time; see 'systemctl status " + job.unit + "'");
    }
    const int waited = sd_bus_wait(bus, static_cast<std::uint64_t>(left.count()));
    if (waited < 0 && waited != -EINTR) return plain_error("wait for", job.unit, waited);
  }
  return {};
}

Result<std::string> string_property(sd_bus* bus, const char* path, const char* interface, const char* name) {
  BusError error;
  char* value = nullptr;
  const int read = sd_bus_get_property_string(bus, kService, path, interface, name, error.get(), &value);
  if (read < 0) return error.to_error("read " + std::string(name) + " of", path, read);
  const Owned<char, std::free> owned(value);
  return value;
}

// The object path of a unit; LoadUnit also knows units that are not in memory.
Result<std::string> path_of(sd_bus* bus, const std::string& unit) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int called =
      sd_bus_call_method(bus, kService, kPath, kManager, "LoadUnit", error.get(), &raw, "s", unit.c_str());
  const BusMessage reply(raw);
  if (called < 0) return error.to_error("look at", unit, called);
  const char* path = nullptr;
  const int read = sd_bus_message_read(reply.get(), "o", &path);
  if (read < 0) return plain_error("read systemd's answer about", unit, read);
  return path;
}

}  // namespace

Result<Bus> open_system_bus() {
  sd_bus* bus = nullptr;
  const int opened = sd_bus_open_system(&bus);
  if (opened < 0) return plain_error("connect to", "the system bus", opened);
  return Bus(bus);
}

Unexpected BusError::to_error(std::string operation, std::string object, int number) const {
  std::string cause = error_.message != nullptr ? error_.message : std::generic_category().message(-number);
  return fail(category_of(&error_, number), std::move(operation), std::move(object), std::move(cause));
}

std::string_view to_string(UnitVerb verb) {
  switch (verb) {
    case UnitVerb::kStart:
      return "start";
    case UnitVerb::kStop:
      return "stop";
    case UnitVerb::kRestart:
      return "restart";
    case UnitVerb::kReload:
      return "reload";
  }
  std::unreachable();
}

Result<void> run_job(Units& units, const UnitJob& job, std::chrono::seconds limit) {
  std::string ended;
  TRY(units.run(std::span(&job, 1), limit, [&](const UnitJob&, std::string_view result) { ended = result; }));
  if (ended == "done") return {};
  return fail(Category::kCommandFailed, std::string(to_string(job.verb)), job.unit,
              "the job ended as '" + ended + "'; see 'systemctl status " + job.unit + "'");
}

Result<SystemdUnits> SystemdUnits::connect() { return on(TRY(open_system_bus())); }

Result<SystemdUnits> SystemdUnits::on(Bus bus) {
  sd_bus_set_method_call_timeout(bus.get(), kCallMicroseconds);
  // Job signals are sent only while somebody has subscribed; a second subscription of ours would be an error.
  BusError error;
  const int called =
      sd_bus_call_method(bus.get(), kService, kPath, kManager, "Subscribe", error.get(), nullptr, nullptr);
  if (called < 0) return error.to_error("subscribe to", "systemd", called);
  return SystemdUnits(std::move(bus));
}

Result<void> SystemdUnits::reload_all() {
  BusError error;
  const int called =
      sd_bus_call_method(bus_.get(), kService, kPath, kManager, "Reload", error.get(), nullptr, nullptr);
  if (called < 0) return error.to_error("reload the units of", "systemd", called);
  return {};
}

Result<void> SystemdUnits::run(std::span<const UnitJob> jobs, std::chrono::seconds limit,
                               const OnFinished& on_finished) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  Pending pending{.jobs = {}, .on_finished = &on_finished};
  const auto watch = TRY(watch_jobs(bus_.get(), pending));
  for (const auto& job : jobs) pending.jobs.emplace_back(TRY(queue(bus_.get(), job)), job);
  return wait_for(bus_.get(), pending, deadline);
}

Result<UnitState> SystemdUnits::state(const std::string& unit) {
  constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
  constexpr const char* kServiceUnit = "org.freedesktop.systemd1.Service";
  const auto path = TRY(path_of(bus_.get(), unit));
  const auto property = [&](const char* interface, const char* name) {
    return string_property(bus_.get(), path.c_str(), interface, name);
  };
  UnitState state{.load = TRY(property(kUnit, "LoadState")),
                  .active = TRY(property(kUnit, "ActiveState")),
                  .sub = TRY(property(kUnit, "SubState")),
                  .result = "",
                  .status_text = ""};
  if (!unit.ends_with(".service")) return state;
  state.result = TRY(property(kServiceUnit, "Result"));
  state.status_text = TRY(property(kServiceUnit, "StatusText"));
  return state;
}

Result<void> SystemdUnits::reset_failed(const std::string& unit) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kService, kPath, kManager, "ResetFailedUnit", error.get(),
                                        nullptr, "s", unit.c_str());
  if (called < 0) return error.to_error("reset the failure of", unit, called);
  return {};
}

}  // namespace stratify
