// The addresses under which others reach this machine.
#pragma once

#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/file.hpp"

namespace stratify::firstboot {

// Of interfaces that are up, without loopback, link-local addresses and container bridges: IPv4 first, then
// IPv6 in brackets, as they stand in a URL.
[[nodiscard]] std::vector<std::string> own_addresses();

// The one under which the host of a virtual machine says it is reached (systemd credential openhaven.address,
// as "127.0.0.1:8080"), else own_addresses().
[[nodiscard]] std::vector<std::string> reachable_addresses();

// A descriptor that becomes readable when an address comes or goes (rtnetlink(7)); forget_news empties it.
[[nodiscard]] Result<Descriptor> watch_addresses();
void forget_news(const Descriptor& watch);

}  // namespace stratify::firstboot
