// Who a request may come from: the names this machine answers to, and pages of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stratify::firstboot {

// What is read of an HTTP request, header fields as the proxy passes them on.
struct Request {
  std::string method;
  std::string target;      // "/claim"
  std::string host;        // Host
  std::string origin;      // Origin, empty when missing
  std::string fetch_site;  // Sec-Fetch-Site
  std::string content_type;
  std::string cookie;         // Cookie
  std::string forwarded_for;  // X-Forwarded-For; only the proxy can connect, so its last hop is true
  std::string forwarded_proto;
  std::string body;
};

// Host without its port, in lower case. Empty for anything that is no host.
[[nodiscard]] std::string host_name(std::string_view host);

// True for an IP literal.
[[nodiscard]] bool is_ip_literal(std::string_view host_name);

// Whether the machine answers to this Host (against DNS rebinding): an IP literal, localhost, openhaven,
// openhaven.local, or the claimed domain, with any port.
[[nodiscard]] bool is_own_host(std::string_view host, std::string_view claimed_domain);

// Whether a request that changes something was sent by a page of this machine: Origin is the Host, or a
// browser that leaves Origin out says Sec-Fetch-Site: same-origin.
[[nodiscard]] bool is_own_origin(const Request& request);

// The last address in X-Forwarded-For, empty when there is none.
[[nodiscard]] std::string client_address(std::string_view forwarded_for);

// The value of a cookie (RFC 6265, section 5.4), nullopt when it is missing or given twice.
[[nodiscard]] std::optional<std::string> cookie_value(std::string_view header, std::string_view name);

}  // namespace stratify::firstboot
