// One HTTP/1.1 request and its answer (RFC 9112), on a connection of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

#include "platform/error.hpp"

namespace stratify {

struct UnixSocket {
  std::filesystem::path path;
};

struct TcpSocket {
  std::string address;  // an IP address
  std::uint16_t port = 0;
};

// TLS 1.2 or later. The peer is asked for name (SNI, RFC 6066) and has to prove it: with a certificate that
// names it, is within its time, and leads to authority (PEM). An empty authority leaves open who signed.
struct TlsSocket {
  TcpSocket tcp;
  std::string name;
  std::string authority;
};

using HttpPeer = std::variant<UnixSocket, TcpSocket, TlsSocket>;

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string host;  // the field Host
  std::string body;
};

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

struct HttpLimits {
  std::chrono::milliseconds time{10000};  // from connecting to the last byte
  std::size_t header = 8U << 10U;
  std::size_t body = 1U << 20U;
};

// Every answer is one, whatever its status; redirections are not followed. kTimeout when the time is over,
// kVerification when the peer has no certificate for the name or none that we take, kInvalidInput for an
// address that is none, otherwise kUnavailable: nobody listens, or what came is no HTTP or too much.
[[nodiscard]] Result<HttpAnswer> ask(const HttpPeer& peer, const HttpRequest& request,
                                     const HttpLimits& limits);

}  // namespace stratify
