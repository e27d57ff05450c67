// D-Bus through sd-bus (sd-bus(3)): owned handles, one translation of its errors, and systemd's units
// (org.freedesktop.systemd1(5)).
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "platform/error.hpp"
#include "platform/owned.hpp"

namespace stratify {

using Bus = Owned<sd_bus, sd_bus_flush_close_unref>;
using BusMessage = Owned<sd_bus_message, sd_bus_message_unref>;
using BusSlot = Owned<sd_bus_slot, sd_bus_slot_unref>;

// The system bus. kUnavailable when it does not answer.
[[nodiscard]] Result<Bus> open_system_bus();

// An sd_bus_error that frees what it holds. Pass get() where sd-bus wants one.
class BusError {
 public:
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error_); }

  [[nodiscard]] sd_bus_error* get() { return &error_; }

  // The failure of a call that returned number (a negative errno): the peer's own sentence where it sent one.
  // NoSuchUnit and UnknownObject become kNotFound, NoReply kTimeout, AccessDenied kPermission, a missing
  // service kUnavailable.
  [[nodiscard]] Unexpected to_error(std::string operation, std::string object, int number) const;

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

// Reads the answer to GetAll of org.freedesktop.DBus.Properties. read takes one property's value (a "v") from
// the message or skips it. Returns a negative errno when it does, or when the message is of another type.
[[nodiscard]] int read_properties(sd_bus_message* message,
                                  const std::function<int(std::string_view name)>& read);

enum class UnitVerb { kStart, kStop, kRestart, kReload };

// "start", "stop", "restart", "reload".
[[nodiscard]] std::string_view to_string(UnitVerb verb);

struct UnitJob {
  UnitVerb verb = UnitVerb::kStart;
  std::string unit;           // "radicale.service"
  bool irreversible = false;  // no later job may take its place, such as somebody's login that of a restart
  friend bool operator==(const UnitJob&, const UnitJob&) = default;
};

struct UnitState {
  std::string load;                // "loaded", "not-found", "masked", ...
  std::string active;              // "active", "activating", "inactive", "failed", ...
  std::string sub;                 // "running", "start", "exited", ...
  std::string result;              // of a service: "success", "exit-code", "timeout", ...; "" for other kinds
  std::string status_text;         // what a service said with STATUS=; "" for other kinds
  std::uint64_t active_since = 0;  // CLOCK_MONOTONIC, microseconds; another value is another start
};

// What is told while jobs run. Either may be left out.
struct JobListener {
  // As each job ends, in the order they end; result is systemd's word: "done", "failed", "timeout",
  // "canceled", "dependency", "skipped", ...
  std::function<void(const UnitJob& job, std::string_view result)> on_finished;
  // Whenever a service of one of the jobs says another text with STATUS= (sd_notify(3)).
  std::function<void(std::string_view text)> on_status;
};

// systemd as its clients see it. The real one talks D-Bus; tests have a fake.
class Units {
 public:
  virtual ~Units() = default;
  // daemon-reload: systemd and its generators read all units again.
  [[nodiscard]] virtual Result<void> reload_all() = 0;
  // Queues all jobs at once (mode "replace", or "replace-irreversibly") and waits until the last has ended. A
  // job that fails is told to the listener and is no Error. kNotFound when a unit does not exist, kTimeout
  // when limit passed.
  [[nodiscard]] virtual Result<void> run(std::span<const UnitJob> jobs, std::chrono::seconds limit,
                                         const JobListener& listener) = 0;
  // A unit nobody knows has load "not-found" and active "inactive".
  [[nodiscard]] virtual Result<UnitState> state(const std::string& unit) = 0;
  // The manager's own state: "running", "degraded", "starting", "stopping", ...
  [[nodiscard]] virtual Result<std::string> system_state() = 0;
  // Forgets that it failed, so that it may be started again despite its start limit.
  [[nodiscard]] virtual Result<void> reset_failed(const std::string& unit) = 0;
};

// Runs one job and makes any end other than "done" an Error (kCommandFailed).
[[nodiscard]] Result<void> run_job(Units& units, const UnitJob& job, std::chrono::seconds limit,
                                   std::function<void(std::string_view text)> on_status = {});

// systemd on a connection of its own: waiting for a job handles no other message of that connection.
class SystemdUnits final : public Units {
 public:
  // On the system bus.
  [[nodiscard]] static Result<SystemdUnits> connect();
  // On a connection the caller made; it may be a direct one, without a bus between.
  [[nodiscard]] static Result<SystemdUnits> on(Bus bus);

  [[nodiscard]] Result<void> reload_all() override;
  [[nodiscard]] Result<void> run(std::span<const UnitJob> jobs, std::chrono::seconds limit,
                                 const JobListener& listener) override;
  [[nodiscard]] Result<UnitState> state(const std::string& unit) override;
  [[nodiscard]] Result<std::string> system_state() override;
  [[nodiscard]] Result<void> reset_failed(const std::string& unit) override;

 private:
  explicit SystemdUnits(Bus bus) : bus_(std::move(bus)) {}
  Bus bus_;
};

}  // namespace stratify
