// The real daemons of the claim on a bus of the test's, with steps that only leave files behind.
//   fake_machine claim FOLDER [STATE]   haven-claim; with a state, its step never ends
//   fake_machine welcome SOCKET         haven-welcome
//   fake_machine code                   asks for the claim code, prints it or the error
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <iostream>
#include <thread>
#include <vector>

#include "firstboot/claim_bus.hpp"
#include "firstboot/claim_daemon.hpp"
#include "firstboot/welcome_server.hpp"
#include "tests/support/fake_units.hpp"

namespace {

using namespace stratify;
using namespace stratify::firstboot;

class FileSteps final : public Steps {
 public:
  FileSteps(std::filesystem::path folder, std::string held)
      : folder_(std::move(folder)), held_(std::move(held)) {}

  Result<Secret> make_secrets(const stack::Domain& /*domain*/) override {
    TRY(leave("accepted"));
    const auto token = make_token(fill_randomly);
    const std::string password(token.reveal());
    TRY(write_file(folder_ / "users", password));
    return Secret(password);
  }
  Result<void> write_configuration(const stack::Domain& domain) override {
    TRY(leave("secrets"));
    return write_file(folder_ / "cloud.yaml", "domain: " + domain.ascii() + "\n");
  }
  Result<void> start_stack(const stack::Domain& /*domain*/, const Report& report) override {
    report("starting Files");
    return leave("configured");
  }
  Result<void> see_health(const stack::Domain& /*domain*/, const Report& /*report*/) override {
    return leave("started");
  }

 private:
  Result<void> leave(const std::string& state) {
    TRY(write_file(folder_ / ("begun-" + state), ""));
    while (state == held_) ::pause();
    return {};
  }
  std::filesystem::path folder_;
  std::string held_;
};

Result<void> claim(const std::filesystem::path& folder, const std::string& held) {
  FileSteps steps(folder, held);
  const DaemonPlaces places{.state = folder / "claim",
                            .configuration = folder / "cloud.yaml",
                            .cloud_init = folder / "run" / "domain",
                            .credential = folder / "credential"};
  return run_claim_daemon(places, steps, TRY(open_system_bus()));
}

Result<void> welcome(const std::string& path) {
  BusClaim api(TRY(open_system_bus()));
  stratify::tests::FakeUnits units;
  Welcome pages(api, units, {});
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 64) != 0) {
    return errno_error("listen on", path);
  }
  return serve(std::move(listener), [&](const Request& request) { return pages.respond(request); }, {});
}

Result<void> code() {
  BusClaim api(TRY(open_system_bus()));
  std::cout << TRY(api.code());
  return {};
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  const auto& verb = arguments.at(0);
  const auto done = verb == "claim"     ? claim(arguments.at(1), arguments.size() > 2 ? arguments[2] : "")
                    : verb == "welcome" ? welcome(arguments.at(1))
                                        : code();
  if (!done) std::cout << done.error().cause() << '\n';
  return done ? 0 : 1;
}
