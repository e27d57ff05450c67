// Names to addresses, as the DNS has them and not as this machine would like them.
#pragma once

#include <string>
#include <vector>

#include "platform/bus.hpp"
#include "platform/error.hpp"

namespace stratify {

// The addresses of name, sorted, as inet_ntop(3) writes them; empty when the name has none. Asks
// systemd-resolved (org.freedesktop.resolve1(5)) not to make up answers for this machine's own host name and
// not to answer from its cache; where resolved does not run, getaddrinfo(3). kUnavailable when no name server
// answered.
[[nodiscard]] Result<std::vector<std::string>> resolve_addresses(const std::string& name);

// The first half of the above, on a connection the caller made.
[[nodiscard]] Result<std::vector<std::string>> ask_resolved(sd_bus* bus, const std::string& name);

// The second half.
[[nodiscard]] Result<std::vector<std::string>> ask_libc(const std::string& name);

}  // namespace stratify
