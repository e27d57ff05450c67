#include "stack/machine.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <ranges>

#include <boost/json.hpp>

#include "platform/credential.hpp"
#include "platform/file.hpp"
#include "platform/owned.hpp"
#include "platform/sha256.hpp"

namespace stratify::stack {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr const char* kReadyFile = "var/lib/openhaven/stack/ready-names";
constexpr const char* kImagesFile = "usr/lib/openhaven/images.json";

struct Range4 {
  std::uint32_t prefix;
  unsigned bits;
};

// What is not globally reachable (RFC 6890 and its registry).
constexpr std::array<Range4, 13> kSpecial4{{{0x00000000, 8},
                                            {0x0a000000, 8},
                                            {0x64400000, 10},
                                            {0x7f000000, 8},
                                            {0xa9fe0000, 16},
                                            {0xac100000, 12},
                                            {0xc0000000, 24},
                                            {0xc0a80000, 16},
                                            {0xc6120000, 15},
                                            {0xc6336400, 24},
                                            {0xc0000200, 24},
                                            {0xcb007100, 24},
                                            {0xe0000000, 3}}};

bool is_global(const in_addr& address) {
  const auto value = ntohl(address.s_addr);
  return std::ranges::none_of(
      kSpecial4, [value](const Range4& range) { return (value ^ range.prefix) >> (32 - range.bits) == 0; });
}

// 2000::/3 is what is given out.
bool is_global(const in6_addr& address) { return (address.s6_addr[0] & 0xe0U) == 0x20; }

std::optional<IpAddress> address_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return IpAddress{.text = text.data(), .v6 = false, .global = is_global(v4.sin_addr)};
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) return std::nullopt;
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return IpAddress{.text = text.data(), .v6 = true, .global = is_global(v6.sin6_addr)};
}

// Bridges of containers are named so by us and by podman.
bool is_of_containers(std::string_view name) {
  constexpr std::array<std::string_view, 4> kPrefixes{"egress-", "haven-", "podman", "veth"};
  return std::ranges::any_of(kPrefixes, [name](std::string_view prefix) { return name.starts_with(prefix); });
}

bool leads_outside(const ifaddrs& entry) {
  return entry.ifa_addr != nullptr && (entry.ifa_flags & IFF_UP) != 0 &&
         (entry.ifa_flags & IFF_LOOPBACK) == 0 && !is_of_containers(entry.ifa_name);
}

std::uint16_t port_of(std::string_view name, std::uint16_t usual) {
  constexpr std::size_t kDigits = 5;
  const auto text = credential(name, kDigits + 1).value_or("");
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0 ? port : usual;
}

}  // namespace

Result<IpAddress> parse_address(const std::string& text) {
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return IpAddress{text, false, is_global(v4)};
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IpAddress{text, true, is_global(v6)};
  return fail(Category::kInvalidInput, "", text, "not an IP address");
}

Result<std::vector<IpAddress>> own_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return errno_error("list the addresses of", "this machine");
  const Owned<ifaddrs, ::freeifaddrs> owned(first);
  std::set<IpAddress> found;
  for (const auto* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (!leads_outside(*entry)) continue;
    if (auto address = address_of(entry->ifa_addr)) found.insert(*std::move(address));
  }
  return std::vector(found.begin(), found.end());
}

Result<std::set<std::string>> load_ready_names(const fs::path& root) {
  const auto text = read_file(root / kReadyFile, 1U << 20U);
  if (!text && text.error().category() == Category::kNotFound) return std::set<std::string>();
  if (!text) return std::unexpected(text.error());
  std::set<std::string> names;
  for (const auto line : std::views::split(*text, '\n')) {
    if (!line.empty()) names.emplace(line.begin(), line.end());
  }
  return names;
}

Result<void> save_ready_names(const fs::path& root, const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += name + "\n";
  return write_file_durably(root / kReadyFile, text);
}

OutsidePorts outside_ports() {
  const OutsidePorts usual;
  return {.http = port_of("openhaven.http_port", usual.http),
          .https = port_of("openhaven.https_port", usual.https)};
}

Result<MachineFacts> machine_facts(const fs::path& root) {
  return MachineFacts{.addresses = TRY(own_addresses()),
                      .ready_names = TRY(load_ready_names(root)),
                      .ports = outside_ports()};
}

Result<Images> parse_images(const std::string& text, const std::string& name) {
  const auto damaged = [&](std::string cause) {
    return fail(Category::kInvalidInput, "read", name,
                std::move(cause) + "; this file belongs to the version");
  };
  std::error_code error;
  const auto parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return damaged("not a JSON object");
  Images images;
  for (const auto& [image, value] : parsed.as_object()) {
    const auto* entry = value.if_object();
    const auto* reference = entry == nullptr ? nullptr : entry->if_contains("reference");
    const auto* digest = entry == nullptr ? nullptr : entry->if_contains("digest");
    if (reference == nullptr || digest == nullptr || !reference->is_string() || !digest->is_string()) {
      return damaged("'" + std::string(image) + "' lacks a reference or a digest");
    }
    const std::string checksum(digest->as_string());
    if (!checksum.starts_with("sha256:") || !Sha256::parse(checksum.substr(7))) {
      return damaged("the digest of '" + std::string(image) + "' is not sha256:<64 hexadecimal digits>");
    }
    images.emplace(image, std::string(reference->as_string()) + "@" + checksum);
  }
  return images;
}

Result<Images> load_images(const fs::path& root) {
  return parse_images(TRY(read_file(root / kImagesFile, 1U << 20U)), std::string("/") + kImagesFile);
}

}  // namespace stratify::stack
