#include "firstboot/web_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ranges>

namespace stratify::firstboot {

namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return lower;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool parses_as(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

}  // namespace

std::string host_name(std::string_view host) {
  if (host.empty() || host.size() > 255 || host.contains('\0')) return {};
  const bool bracketed = host.starts_with('[');
  const auto name_end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && name_end == std::string_view::npos) return {};
  const auto length = bracketed ? name_end + 1 : std::min(name_end, host.size());
  const auto rest = host.substr(length);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return {};
  auto name = lower_case(host.substr(0, length));
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_ip_literal(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']'))
    return parses_as(AF_INET6, name.substr(1, name.size() - 2));
  return parses_as(AF_INET, name);
}

bool is_own_host(std::string_view host, std::string_view claimed_domain) {
  constexpr std::array<std::string_view, 3> kNames{"localhost", "openhaven", "openhaven.local"};
  const auto name = host_name(host);
  if (name.empty()) return false;
  return is_ip_literal(name) || std::ranges::contains(kNames, name) || name == claimed_domain;
}

bool is_own_origin(const Request& request) {
  if (request.host.empty()) return false;
  if (request.origin.empty()) return request.fetch_site == "same-origin";
  const auto origin = lower_case(request.origin);
  const auto host = lower_case(request.host);
  const auto scheme = request.forwarded_proto == "https" ? "https://" : "http://";
  return origin == scheme + host;
}

std::string client_address(std::string_view forwarded_for) {
  const auto comma = forwarded_for.rfind(',');
  return std::string(trim(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1)));
}

std::optional<std::string> cookie_value(std::string_view header, std::string_view name) {
  std::optional<std::string> value;
  for (const auto part : std::views::split(header, ';')) {
    const auto pair = trim(std::string_view(part.begin(), part.end()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (value) return std::nullopt;
    value = pair.substr(equals + 1);
  }
  return value;
}

}  // namespace stratify::firstboot
