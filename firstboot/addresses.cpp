#include "firstboot/addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "platform/credential.hpp"
#include "platform/owned.hpp"

namespace stratify::firstboot {

namespace {

using Interfaces = Owned<ifaddrs, freeifaddrs>;

bool is_for_others(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || (entry.ifa_flags & IFF_UP) == 0 || (entry.ifa_flags & IFF_LOOPBACK) != 0)
    return false;
  const std::string_view name(entry.ifa_name);
  constexpr std::array<std::string_view, 4> kOfContainers{"podman", "veth", "haven", "egress"};
  return std::ranges::none_of(kOfContainers, [&](auto prefix) { return name.starts_with(prefix); });
}

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(family, address, buffer.data(), buffer.size());
  return buffer.data();
}

std::string ipv4_of(const ifaddrs& entry) {
  const auto& address = reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr;
  const bool link_local = (ntohl(address.s_addr) >> 16U) == 0xA9FE;
  return link_local ? "" : text_of(AF_INET, &address);
}

std::string ipv6_of(const ifaddrs& entry) {
  const auto& address = reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr;
  return IN6_IS_ADDR_LINKLOCAL(&address) ? "" : "[" + text_of(AF_INET6, &address) + "]";
}

}  // namespace

std::vector<std::string> own_addresses() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return {};
  const Interfaces interfaces(raw);
  std::vector<std::string> ipv4;
  std::vector<std::string> ipv6;
  for (const auto* entry = raw; entry != nullptr; entry = entry->ifa_next) {
    if (!is_for_others(*entry)) continue;
    if (entry->ifa_addr->sa_family == AF_INET) ipv4.push_back(ipv4_of(*entry));
    if (entry->ifa_addr->sa_family == AF_INET6) ipv6.push_back(ipv6_of(*entry));
  }
  ipv4.insert(ipv4.end(), ipv6.begin(), ipv6.end());
  std::erase(ipv4, "");
  return ipv4;
}

std::vector<std::string> reachable_addresses() {
  constexpr std::size_t kLongest = 300;  // a host name, a colon and a port
  const auto told = credential("openhaven.address", kLongest).value_or("");
  const auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view(".:[]-").contains(static_cast<char>(c));
  };
  if (told.empty() || !std::ranges::all_of(told, fits)) return own_addresses();
  return {told};
}

Result<Descriptor> watch_addresses() {
  Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!socket) return errno_error("watch", "the machine's addresses");
  sockaddr_nl address{.nl_family = AF_NETLINK,
                      .nl_pad = 0,
                      .nl_pid = 0,
                      .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK};
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return errno_error("watch", "the machine's addresses");
  }
  return socket;
}

void forget_news(const Descriptor& watch) {
  std::array<char, 8192> buffer{};
  while (::recv(watch.get(), buffer.data(), buffer.size(), 0) > 0) {
  }
}

}  // namespace stratify::firstboot
