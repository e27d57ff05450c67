// A D-Bus service on a direct connection, served from a thread of its own: real sd-bus messages without a
// bus.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "platform/bus.hpp"

namespace stratify::tests {

class BusPeer {
 public:
  // Answers a method call, as sd_bus_message_handler_t(3).
  using Answer = std::function<int(sd_bus_message* call, sd_bus_error* error)>;

  BusPeer(std::string path, Answer answer);

  // The other end, until it is taken.
  [[nodiscard]] sd_bus* client() const { return client_.get(); }
  [[nodiscard]] Bus take_client() { return std::move(client_); }

 private:
  void serve(const std::stop_token& stop, int fd);
  static int on_call(sd_bus_message* call, void* data, sd_bus_error* error);

  std::string path_;
  Answer answer_;
  Bus client_;
  std::jthread thread_;
};

}  // namespace stratify::tests
