// HTTP/1.1 over TLS for a few people at a time.
#pragma once

#include <chrono>
#include <cstdint>

#include "platform/certificate.hpp"
#include "platform/error.hpp"
#include "rescue/responder.hpp"

namespace stratify::rescue {

struct ServerOptions {
  std::uint16_t port = 0;                 // 0: any that is free
  unsigned connections = 8;               // more are closed at once
  std::chrono::seconds silence{30};       // a connection on which nothing moves for so long is closed
  std::function<void(std::uint16_t)> on_ready;  // told the port
};

// Serves IPv6 and IPv4 until SIGTERM or SIGINT.
[[nodiscard]] Result<void> serve(const SelfSigned& identity, Responder& responder, const ServerOptions& options);

}  // namespace stratify::rescue
