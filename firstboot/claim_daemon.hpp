// haven-claim: the claim, its service and its inputs in one event loop.
#pragma once

#include <filesystem>
#include <optional>

#include "firstboot/claim.hpp"
#include "firstboot/steps.hpp"
#include "platform/bus.hpp"

namespace stratify::firstboot {

struct DaemonPlaces {
  std::filesystem::path state = "/var/lib/openhaven/claim";
  std::filesystem::path configuration = "/etc/openhaven/cloud.yaml";
  std::filesystem::path cloud_init =
      "/run/openhaven/claim/domain";                // read at the start and whenever it is written
  std::optional<std::filesystem::path> credential;  // read at the start
};

// Serves until SIGTERM or SIGINT. Fails when the bus name is taken or the loop cannot be set up.
[[nodiscard]] Result<void> run_claim_daemon(const DaemonPlaces& places, Steps& steps, Bus bus);

}  // namespace stratify::firstboot
