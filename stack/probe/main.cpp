// haven-probe: asks a service one question over HTTP and waits for an answer below 500. It is mounted into
// every container as its health command, so that no image needs a client of its own: statically linked,
// nothing but libc.
//
//   haven-probe http://127.0.0.1:5232/.web/
//   haven-probe unix:/run/service.sock:/path
//
// Exit code 0: answered. 1: no answer within 25 seconds. 2: wrong arguments.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

namespace {

constexpr int kTrySeconds = 5;
constexpr int kAllSeconds = 25;

struct Target {
  sockaddr_storage address{};
  socklen_t size = 0;
  std::string_view path;
};

bool parse_unix(std::string_view text, Target& target) {
  const auto colon = text.find(':');
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (colon >= sizeof address.sun_path) return false;  // npos among them
  std::memcpy(address.sun_path, text.data(), colon);
  std::memcpy(&target.address, &address, sizeof address);
  target.size = sizeof address;
  target.path = text.substr(colon + 1);
  return true;
}

bool parse_http(std::string_view text, Target& target) {
  const auto slash = text.find('/');
  const auto colon = text.find(':');
  if (slash == std::string_view::npos || colon == std::string_view::npos || colon > 15) return false;
  std::array<char, 16> host{};
  std::memcpy(host.data(), text.data(), colon);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(std::strtoul(text.data() + colon + 1, nullptr, 10)));
  if (inet_pton(AF_INET, host.data(), &address.sin_addr) != 1) return false;
  std::memcpy(&target.address, &address, sizeof address);
  target.size = sizeof address;
  target.path = text.substr(slash);
  return true;
}

bool parse(std::string_view text, Target& target) {
  if (text.starts_with("unix:")) return parse_unix(text.substr(5), target);
  return text.starts_with("http://") && parse_http(text.substr(7), target);
}

// The status of "HTTP/1.1 204 ...", 0 when it is none.
int status_of(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.") || answer.size() < 12) return 0;
  return std::atoi(answer.data() + 9);
}

int ask(const Target& target) {
  const int fd = socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const timeval limit{.tv_sec = kTrySeconds, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  std::array<char, 1024> text{};
  const int length = std::snprintf(text.data(), text.size(),
                                   "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                                   static_cast<int>(target.path.size()), target.path.data());
  int status = 0;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&target.address), target.size) == 0 &&
      send(fd, text.data(), static_cast<std::size_t>(length), MSG_NOSIGNAL) == length) {
    text = {};
    const auto count = recv(fd, text.data(), text.size() - 1, MSG_WAITALL);
    status = count > 0 ? status_of({text.data(), static_cast<std::size_t>(count)}) : 0;
  }
  close(fd);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  Target target;
  if (argc != 2 || !parse(argv[1], target) || target.path.size() > 512) {
    std::fputs("usage: haven-probe http://ADDRESS:PORT/PATH | unix:SOCKET:/PATH\n", stderr);
    return 2;
  }
  const auto end = std::time(nullptr) + kAllSeconds;
  int status = 0;
  do {
    status = ask(target);
    if (status >= 100 && status < 500) return 0;
    const timespec pause{.tv_sec = 0, .tv_nsec = 50'000'000};
    nanosleep(&pause, nullptr);
  } while (std::time(nullptr) < end);
  std::fprintf(stderr, "haven-probe: %s: %s\n", argv[1],
               status == 0 ? "no answer" : "it answers with an error");
  return 1;
}
