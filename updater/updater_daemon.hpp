// haven-updater: decides when the worker does what, and tells the bus.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "platform/bus.hpp"
#include "stack/configuration.hpp"
#include "updater/job_runner.hpp"
#include "updater/record.hpp"
#include "updater/schedule.hpp"
#include "updater/store.hpp"

namespace stratify::updater {

struct DaemonPlaces {
  std::filesystem::path root = "/";
  std::filesystem::path notices = "/run/motd.d";                // what people see when they log in
  std::filesystem::path medium = "/run/openhaven/update-from";  // tells the worker of a folder
};

// Serves until SIGTERM or SIGINT. bus is the daemon's own connection, units talks on another.
[[nodiscard]] Result<void> run_updater_daemon(const DaemonPlaces& places, Units& units, Bus bus);

}  // namespace stratify::updater
