// What a machine needs beside its command line: a free port, a seed, an overlay.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>

#include "image/machine/machine.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

// The port that was bound, 0 when it is taken. SO_REUSEADDR as QEMU sets it: a port in TIME_WAIT is free.
std::uint16_t bound_port(int socket, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int yes = 1;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(socket, generic, size) != 0 || ::listen(socket, 1) != 0 ||
      ::getsockname(socket, generic, &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

}  // namespace

Result<std::uint16_t> free_port(std::uint16_t wanted) {
  for (const std::uint16_t port : {wanted, std::uint16_t{0}}) {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return errno_error("open a socket on", "127.0.0.1");
    if (const auto bound = bound_port(socket.get(), port); bound != 0) return bound;
  }
  return errno_error("find a free port on", "127.0.0.1");
}

Result<void> make_seed(ProcessRunner& runner, const fs::path& image, const fs::path& user_data) {
  const auto meta_data = image.string() + ".meta-data";
  TRY(write_file(meta_data, "instance-id: openhaven-try\n"));
  TRY(run_checked(runner, {.arguments = {"mkfs.fat", "-n", "CIDATA", "-C", image, "1024"}}));
  TRY(run_checked(runner, {.arguments = {"mcopy", "-i", image, user_data, "::user-data"}}));
  TRY(run_checked(runner, {.arguments = {"mcopy", "-i", image, meta_data, "::meta-data"}}));
  return {};
}

Result<void> make_overlay(ProcessRunner& runner, const fs::path& overlay, const fs::path& image,
                          unsigned gibibytes) {
  if (!fs::exists(image)) {
    return fail(Category::kNotFound, "run", image, "there is no such image; `stratify build` makes it");
  }
  const auto format = image.extension() == ".qcow2" ? "qcow2" : "raw";
  TRY(run_checked(runner, {.arguments = {"qemu-img", "create", "-q", "-f", "qcow2", "-F", format, "-b",
                                         fs::absolute(image), overlay, std::to_string(gibibytes) + "G"}}));
  return {};
}

}  // namespace stratify::image
