// haven-rescue: see README.md.
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "platform/file.hpp"
#include "rescue/address.hpp"
#include "rescue/server.hpp"

namespace {

using namespace stratify;          // NOLINT(google-build-using-namespace): a program of one file
using namespace stratify::rescue;  // NOLINT(google-build-using-namespace)

constexpr std::chrono::seconds kAYear{365 * 86400};

Result<void> run() {
  const auto identity = TRY(make_self_signed("openhaven.local", kAYear));
  const auto fingerprint = TRY(fingerprint_of(identity.certificate));
  TRY(write_file(kFingerprintFile, fingerprint + "\n", 0644));
  RealProcessRunner runner;
  Responder responder("/", runner, [] { std::this_thread::sleep_for(std::chrono::seconds(1)); });
  return serve(identity, responder, {.port = kPort, .on_ready = [&](std::uint16_t port) {
                                       std::cout << "the rescue page is at port " << port
                                                 << "; fingerprint of its certificate (SHA-256): " << fingerprint
                                                 << std::endl;
                                       sd_notify(0, "READY=1");
                                     }});
}

}  // namespace

int main() {
  const auto done = run();
  if (done) return EXIT_SUCCESS;
  std::cerr << "haven-rescue: " << done.error().message() << "\n";
  return EXIT_FAILURE;
}
