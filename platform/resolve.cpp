#include "platform/resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <set>

namespace stratify {

namespace {

constexpr const char* kResolver = "org.freedesktop.resolve1";
constexpr const char* kResolverPath = "/org/freedesktop/resolve1";
constexpr const char* kResolverManager = "org.freedesktop.resolve1.Manager";

// Flags of ResolveHostname.
constexpr std::uint64_t kNoSynthesize = 1U << 11U;
constexpr std::uint64_t kNoCache = 1U << 12U;

std::vector<std::string> sorted(const std::set<std::string>& addresses) {
  return {addresses.begin(), addresses.end()};
}

Unexpected unreadable(const std::string& name, int number) {
  return BusError().to_error("read resolved's answer about", name, number);
}

// a(iiay): interface, family, address.
Result<std::vector<std::string>> read_addresses(sd_bus_message* reply, const std::string& name) {
  std::set<std::string> addresses;
  int entered = sd_bus_message_enter_container(reply, 'a', "(iiay)");
  if (entered < 0) return unreadable(name, entered);
  while ((entered = sd_bus_message_enter_container(reply, 'r', "iiay")) > 0) {
    int family = AF_UNSPEC;
    const void* bytes = nullptr;
    std::size_t size = 0;
    int read = sd_bus_message_read(reply, "ii", nullptr, &family);
    if (read >= 0) read = sd_bus_message_read_array(reply, 'y', &bytes, &size);
    if (read < 0) return unreadable(name, read);
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool fits = (family == AF_INET && size == 4) || (family == AF_INET6 && size == 16);
    if (fits && ::inet_ntop(family, bytes, text.data(), text.size()) != nullptr)
      addresses.emplace(text.data());
    if (const int left = sd_bus_message_exit_container(reply); left < 0) return unreadable(name, left);
  }
  if (entered < 0) return unreadable(name, entered);
  return sorted(addresses);
}

}  // namespace

Result<std::vector<std::string>> ask_resolved(sd_bus* bus, const std::string& name) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int called =
      sd_bus_call_method(bus, kResolver, kResolverPath, kResolverManager, "ResolveHostname", error.get(),
                         &raw, "isit", 0, name.c_str(), AF_UNSPEC, kNoSynthesize | kNoCache);
  const BusMessage reply(raw);
  const bool has_none = sd_bus_error_has_name(error.get(), "org.freedesktop.resolve1.NoSuchRR") != 0 ||
                        sd_bus_error_has_name(error.get(), "org.freedesktop.resolve1.DnsError.NXDOMAIN") != 0;
  if (has_none) return std::vector<std::string>();
  if (called < 0) {
    const auto failed = error.to_error("look up", name, called);
    return fail(Category::kUnavailable, "look up", name, failed.error().cause());
  }
  return read_addresses(reply.get(), name);
}

Result<std::vector<std::string>> ask_libc(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int found = ::getaddrinfo(name.c_str(), nullptr, &hints, &first);
  if (found == EAI_NONAME || found == EAI_NODATA) return std::vector<std::string>();
  if (found != 0) return fail(Category::kUnavailable, "look up", name, ::gai_strerror(found));
  const Owned<addrinfo, ::freeaddrinfo> owned(first);
  std::set<std::string> addresses;
  for (const auto* entry = first; entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.emplace(text.data());
    }
  }
  return sorted(addresses);
}

Result<std::vector<std::string>> resolve_addresses(const std::string& name) {
  const auto bus = open_system_bus();
  const bool runs = bus && sd_bus_get_name_creds(bus->get(), kResolver, 0, nullptr) >= 0;
  return runs ? ask_resolved(bus->get(), name) : ask_libc(name);
}

}  // namespace stratify
