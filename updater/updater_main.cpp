#include <iostream>

#include "updater/updater_daemon.hpp"

namespace {

using namespace stratify;           // NOLINT(google-build-using-namespace): a program of one file
using namespace stratify::updater;  // NOLINT(google-build-using-namespace)

Result<void> serve_updates() {
  auto units = TRY(SystemdUnits::connect());
  return run_updater_daemon({}, units, TRY(open_system_bus()));
}

}  // namespace

int main() {
  const auto served = serve_updates();
  if (served) return 0;
  std::cerr << "haven-updater: " << served.error().message() << "\n";
  return 1;
}
