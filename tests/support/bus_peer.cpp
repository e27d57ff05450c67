#include "tests/support/bus_peer.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

namespace stratify::tests {

BusPeer::BusPeer(std::string path, Answer answer) : path_(std::move(path)), answer_(std::move(answer)) {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  thread_ = std::jthread([this, fd = fds[0]](const std::stop_token& stop) { serve(stop, fd); });
  sd_bus* bus = nullptr;
  EXPECT_GE(sd_bus_new(&bus), 0);
  EXPECT_GE(sd_bus_set_fd(bus, fds[1], fds[1]), 0);
  EXPECT_GE(sd_bus_start(bus), 0);
  client_.reset(bus);
}

void BusPeer::serve(const std::stop_token& stop, int fd) {
  sd_bus* raw = nullptr;
  sd_id128_t id{};
  EXPECT_GE(sd_bus_new(&raw), 0);
  const Bus bus(raw);
  EXPECT_GE(sd_bus_set_fd(raw, fd, fd), 0);
  EXPECT_GE(sd_id128_randomize(&id), 0);
  EXPECT_GE(sd_bus_set_server(raw, 1, id), 0);
  EXPECT_GE(sd_bus_start(raw), 0);
  EXPECT_GE(sd_bus_add_fallback(raw, nullptr, path_.c_str(), on_call, this), 0);
  while (!stop.stop_requested()) {
    const int processed = sd_bus_process(raw, nullptr);
    if (processed < 0) return;
    if (processed == 0) sd_bus_wait(raw, 20'000);
  }
}

int BusPeer::on_call(sd_bus_message* call, void* data, sd_bus_error* error) {
  return static_cast<BusPeer*>(data)->answer_(call, error);
}

}  // namespace stratify::tests
