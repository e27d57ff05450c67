#include "platform/bus.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace stratify {

namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnitInterface = "org.freedesktop.systemd1.Unit";
constexpr const char* kServiceInterface = "org.freedesktop.systemd1.Service";
constexpr const char* kStatusText = "StatusText";
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
  const JobListener* listener = nullptr;
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
    if (pending.listener->on_finished) pending.listener->on_finished(ended, result);
  }
  return 0;
}

// On a direct connection no message has a sender.
const char* sender_on(sd_bus* bus) { return sd_bus_is_bus_client(bus) > 0 ? kService : nullptr; }

// The signal is matched before the first job is queued, so that no end can be missed.
Result<BusSlot> watch_jobs(sd_bus* bus, Pending& pending) {
  sd_bus_slot* slot = nullptr;
  const int matched = sd_bus_match_signal(bus, &slot, sender_on(bus), kPath, kManager, "JobRemoved",
                                          on_job_removed, &pending);
  if (matched < 0) return plain_error("watch the jobs of", "systemd", matched);
  return BusSlot(slot);
}

Result<std::string> queue(sd_bus* bus, const UnitJob& job) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int called =
      sd_bus_call_method(bus, kService, kPath, kManager, method_of(job.verb), error.get(), &raw, "ss",
                         job.unit.c_str(), job.irreversible ? "replace-irreversibly" : "replace");
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

Result<std::uint64_t> number_property(sd_bus* bus, const char* path, const char* interface,
                                      const char* name) {
  BusError error;
  std::uint64_t value = 0;
  const int read =
      sd_bus_get_property_trivial(bus, kService, path, interface, name, error.get(), 't', &value);
  if (read < 0) return error.to_error("read " + std::string(name) + " of", path, read);
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

// What a service said last, and who wants to know when it says something else.
struct StatusWatch {
  std::string last;
  const JobListener* listener = nullptr;
  BusSlot slot;
};

// Reads one entry of a{sv}: the text when it is the status, else it is skipped.
int read_status(sd_bus_message* message, std::optional<std::string>& status) {
  const char* name = nullptr;
  if (const int read = sd_bus_message_read(message, "s", &name); read < 0) return read;
  if (std::string_view(name) != kStatusText) return sd_bus_message_skip(message, "v");
  const char* text = nullptr;
  const int read = sd_bus_message_read(message, "v", "s", &text);
  if (read >= 0) status = text;
  return read;
}

// PropertiesChanged (D-Bus specification, "Standard Interfaces").
int on_properties_changed(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  auto& watch = *static_cast<StatusWatch*>(data);
  const char* interface = nullptr;
  if (const int read = sd_bus_message_read(message, "s", &interface); read < 0) return read;
  if (std::string_view(interface) != kServiceInterface) return 0;
  std::optional<std::string> status;
  if (const int entered = sd_bus_message_enter_container(message, 'a', "{sv}"); entered < 0) return entered;
  int entry = 0;
  while ((entry = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
    if (const int read = read_status(message, status); read < 0) return read;
    sd_bus_message_exit_container(message);
  }
  if (entry < 0 || !status || *status == watch.last) return entry;
  watch.last = *status;
  if (!status->empty()) watch.listener->on_status(*status);
  return 0;
}

// What the service said before the job is told to nobody: it was about another start.
Result<std::unique_ptr<StatusWatch>> watch_status(sd_bus* bus, const std::string& unit,
                                                  const JobListener& listener) {
  const auto path = TRY(path_of(bus, unit));
  auto watch = std::make_unique<StatusWatch>();
  watch->listener = &listener;
  watch->last = TRY(string_property(bus, path.c_str(), kServiceInterface, kStatusText));
  sd_bus_slot* slot = nullptr;
  const int matched =
      sd_bus_match_signal(bus, &slot, sender_on(bus), path.c_str(), "org.freedesktop.DBus.Properties",
                          "PropertiesChanged", on_properties_changed, watch.get());
  if (matched < 0) return plain_error("watch the status of", unit, matched);
  watch->slot.reset(slot);
  return watch;
}

bool is_service(const std::string& unit) { return unit.ends_with(".service"); }

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

int read_properties(sd_bus_message* message, const std::function<int(std::string_view name)>& read) {
  int result = sd_bus_message_enter_container(message, 'a', "{sv}");
  while (result >= 0 && (result = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
    const char* name = nullptr;
    result = sd_bus_message_read(message, "s", &name);
    if (result >= 0) result = read(name);
    if (result >= 0) result = sd_bus_message_exit_container(message);
  }
  return result;
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

Result<void> run_job(Units& units, const UnitJob& job, std::chrono::seconds limit,
                     std::function<void(std::string_view text)> on_status) {
  std::string ended;
  TRY(units.run(std::span(&job, 1), limit,
                {.on_finished = [&](const UnitJob&, std::string_view result) { ended = result; },
                 .on_status = std::move(on_status)}));
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
                               const JobListener& listener) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  Pending pending{.jobs = {}, .listener = &listener};
  const auto watch = TRY(watch_jobs(bus_.get(), pending));
  std::vector<std::unique_ptr<StatusWatch>> status_watches;
  for (const auto& job : jobs) {
    if (listener.on_status && is_service(job.unit))
      status_watches.push_back(TRY(watch_status(bus_.get(), job.unit, listener)));
  }
  for (const auto& job : jobs) pending.jobs.emplace_back(TRY(queue(bus_.get(), job)), job);
  return wait_for(bus_.get(), pending, deadline);
}

Result<UnitState> SystemdUnits::state(const std::string& unit) {
  const auto path = TRY(path_of(bus_.get(), unit));
  const auto property = [&](const char* interface, const char* name) {
    return string_property(bus_.get(), path.c_str(), interface, name);
  };
  UnitState state{.load = TRY(property(kUnitInterface, "LoadState")),
                  .active = TRY(property(kUnitInterface, "ActiveState")),
                  .sub = TRY(property(kUnitInterface, "SubState")),
                  .result = "",
                  .status_text = "",
                  .active_since = TRY(number_property(bus_.get(), path.c_str(), kUnitInterface,
                                                      "ActiveEnterTimestampMonotonic"))};
  if (!is_service(unit)) return state;
  state.result = TRY(property(kServiceInterface, "Result"));
  state.status_text = TRY(property(kServiceInterface, kStatusText));
  return state;
}

Result<std::string> SystemdUnits::system_state() {
  return string_property(bus_.get(), kPath, kManager, "SystemState");
}

Result<void> SystemdUnits::reset_failed(const std::string& unit) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kService, kPath, kManager, "ResetFailedUnit", error.get(),
                                        nullptr, "s", unit.c_str());
  if (called < 0) return error.to_error("reset the failure of", unit, called);
  return {};
}

}  // namespace stratify
