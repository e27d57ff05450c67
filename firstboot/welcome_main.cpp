#include <syslog.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>

#include "firstboot/claim_bus.hpp"
#include "firstboot/log.hpp"
#include "firstboot/welcome_server.hpp"

namespace {

using namespace stratify;
using namespace stratify::firstboot;

Result<void> serve_pages() {
  if (sd_listen_fds(1) != 1) {
    return fail(Category::kInvalidInput, "listen", "haven-welcome", "it is started by haven-welcome.socket");
  }
  BusClaim claim(TRY(open_system_bus()));
  auto units = TRY(SystemdUnits::connect());
  Welcome welcome(claim, units, {});
  sd_notify(0, "READY=1");
  return serve(Descriptor(SD_LISTEN_FDS_START),
               [&](const Request& request) { return welcome.respond(request); },
               {.idle_exit = std::chrono::minutes(10)});
}

}  // namespace

int main() {
  const auto done = serve_pages();
  if (!done) log(LOG_ERR, done.error().message());
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
