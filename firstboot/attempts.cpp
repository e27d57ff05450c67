#include "firstboot/attempts.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace stratify::firstboot {

namespace {

std::string text_of(const in6_addr& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(AF_INET6, &address, buffer.data(), buffer.size());
  return buffer.data();
}

}  // namespace

std::string counted_as(std::string_view peer) {
  const std::string text(peer.substr(0, peer.find('%')));
  in_addr ipv4{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) return text;
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, text.c_str(), &ipv6) != 1) return "unknown";
  if (IN6_IS_ADDR_V4MAPPED(&ipv6)) return text_of(ipv6).substr(std::string_view("::ffff:").size());
  std::ranges::fill(std::span(ipv6.s6_addr).subspan(8), 0);  // one customer usually has a whole /64
  return text_of(ipv6);
}

std::optional<std::chrono::seconds> Attempts::locked_for(std::string_view peer) const {
  const auto found = peers_.find(counted_as(peer));
  if (found == peers_.end() || found->second.locked_until <= clock_()) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(found->second.locked_until - clock_());
}

void Attempts::count_wrong(std::string_view peer) {
  auto& entry = peers_[counted_as(peer)];
  ++in_all_;
  if (++entry.wrong % kPerAddress == 0) entry.locked_until = clock_() + kLock;
}

void Attempts::forget() {
  peers_.clear();
  in_all_ = 0;
}

}  // namespace stratify::firstboot
