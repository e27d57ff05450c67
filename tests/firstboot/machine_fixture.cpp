#include "tests/firstboot/machine_fixture.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace stratify::firstboot::tests {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kBound{10};

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<long>(0, left));
}

Descriptor unix_socket(const std::string& path, bool& connected) {
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  connected = ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  return fd;
}

// Woken by every change in the folder, and now and then, since a socket that begins to listen changes none.
bool until_in(const std::filesystem::path& folder, const std::function<bool()>& condition) {
  const Descriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ::inotify_add_watch(watch.get(), folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE);
  const auto deadline = Clock::now() + kBound;
  while (!condition()) {
    pollfd wait{watch.get(), POLLIN, 0};
    constexpr int kNowAndThen = 20;
    ::poll(&wait, 1, kNowAndThen);
    if (Clock::now() >= deadline) return condition();
    std::array<char, 4096> events{};
    static_cast<void>(::read(watch.get(), events.data(), events.size()));
  }
  return true;
}

constexpr const char* kBusConfiguration = R"(<busconfig>
  <listen>unix:path=SOCKET</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
)";

}  // namespace

MachineFixture::MachineFixture() {
  ::chmod(folder_.path().c_str(),
          0755);  // NOLINT(cert-err33-c): another user's connection fails the test then
  const auto socket = file("bus");
  std::string configuration = kBusConfiguration;
  configuration.replace(configuration.find("SOCKET"), 6, socket);
  EXPECT_TRUE(write_file(file("bus.conf"), configuration));
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket).c_str(), 1);
  bus_ = std::make_unique<Background>(std::vector<std::string>{"dbus-daemon", "--nofork", "--nopidfile",
                                                               "--config-file=" + file("bus.conf")});
  EXPECT_TRUE(until_in(folder_.path(), [&] {
    bool connected = false;
    unix_socket(socket, connected);
    return connected;
  }));
  api_ = connect();
  EXPECT_TRUE(api_->watch_changes());
}

std::string MachineFixture::file(const std::string& name) const { return folder_.path() / name; }

std::unique_ptr<BusClaim> MachineFixture::connect() {
  return std::make_unique<BusClaim>(open_system_bus().value());
}

void MachineFixture::boot(const std::string& held_step) {
  std::vector<std::string> command{FAKE_MACHINE, "claim", folder_.path()};
  if (!held_step.empty()) command.push_back(held_step);
  claim_ = std::make_unique<Background>(command);
  EXPECT_TRUE(until([](const Status&) { return true; })) << "haven-claim does not answer";
}

void MachineFixture::open_pages() {
  welcome_ =
      std::make_unique<Background>(std::vector<std::string>{FAKE_MACHINE, "welcome", file("web.sock")});
  EXPECT_TRUE(until_in(folder_.path(), [&] {
    bool connected = false;
    unix_socket(file("web.sock"), connected);
    return connected;
  }));
}

bool MachineFixture::until(const std::function<bool(const Status&)>& condition) {
  const auto deadline = Clock::now() + kBound;
  for (;;) {
    const auto status = api_->status();
    if (status && condition(*status)) return true;
    if (Clock::now() >= deadline) {
      ADD_FAILURE() << (status ? std::string(to_string(status->state)) + " " + status->step_text
                               : status.error().message());
      return false;
    }
    if (api_->forget_news().value_or(false)) continue;
    pollfd wait{api_->news(), POLLIN, 0};
    ::poll(&wait, 1, milliseconds_until(deadline));
  }
}

bool MachineFixture::until_file(const std::string& name) {
  return until_in(folder_.path(), [&] { return std::filesystem::exists(file(name)); });
}

std::string MachineFixture::http(const std::string& method, const std::string& path, const std::string& body,
                                 const std::string& extra) {
  bool connected = false;
  const auto fd = unix_socket(file("web.sock"), connected);
  const auto text = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n" +
                    "Content-Type: application/x-www-form-urlencoded\r\nX-Forwarded-For: 192.0.2.9\r\n" +
                    "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra +
                    "\r\n" + body;
  EXPECT_TRUE(write_all(fd.get(), text, "the pages"));
  std::string answer;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count <= 0) return answer;
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace stratify::firstboot::tests
