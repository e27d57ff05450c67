// HTTP/1.1 (RFC 9112) on a Unix socket, with a bound on everything a client can make it hold.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "firstboot/welcome.hpp"
#include "platform/file.hpp"

namespace stratify::firstboot {

struct ServerLimits {
  std::size_t header = 8U << 10U;
  std::size_t body = 4U << 10U;
  std::size_t connections = 64;              // more wait in the kernel's queue
  std::chrono::milliseconds request{10000};  // from the first byte awaited to the last one sent
  std::size_t unread = 64U << 10U;           // of a refused request: read and thrown away, so that
  std::chrono::milliseconds farewell{2000};  // the client, who still sends, gets to the answer
  std::chrono::milliseconds idle_exit{0};    // without a connection for so long run() returns; 0 for never
};

using Responder = std::function<Response(const Request&)>;

// Serves connections of the listening socket until SIGTERM, SIGINT or idle_exit.
[[nodiscard]] Result<void> serve(Descriptor listener, const Responder& respond, const ServerLimits& limits);

}  // namespace stratify::firstboot
