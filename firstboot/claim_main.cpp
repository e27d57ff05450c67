#include <syslog.h>

#include <cstdlib>
#include <iostream>

#include "firstboot/claim_daemon.hpp"
#include "firstboot/log.hpp"
#include "firstboot/machine_steps.hpp"

namespace {

using namespace stratify;
using namespace stratify::firstboot;

Result<void> serve_claim() {
  DaemonPlaces places;
  if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY"); folder != nullptr) {
    places.credential = std::filesystem::path(folder) / "openhaven.domain";
  }
  auto units = TRY(SystemdUnits::connect());
  MachineSteps steps(units, {});
  return run_claim_daemon(places, steps, TRY(open_system_bus()));
}

}  // namespace

int main() {
  const auto done = serve_claim();
  if (!done) log(LOG_ERR, done.error().message());
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
