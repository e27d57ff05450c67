// What rendering has to know about the machine it renders for.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/error.hpp"

namespace stratify::stack {

// An address of this machine, as inet_ntop(3) writes it.
struct IpAddress {
  std::string text;
  bool v6 = false;
  bool global = false;  // reachable from everywhere, if nothing filters (RFC 6890)
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Where others reach the machine's ports 80 and 443: elsewhere when the host of a virtual machine forwards
// other ones and says so (systemd credentials openhaven.http_port and openhaven.https_port).
struct OutsidePorts {
  std::uint16_t http = 80;
  std::uint16_t https = 443;
};

struct MachineFacts {
  std::vector<IpAddress> addresses;   // of interfaces that lead outside; sorted, no loopback, no link-local
  std::set<std::string> ready_names;  // host names whose DNS has led here at least once
  OutsidePorts ports;
};

// The address of text; kInvalidInput when it is none.
[[nodiscard]] Result<IpAddress> parse_address(const std::string& text);

// The addresses of all interfaces that are up, but for those of containers' bridges (names beginning with
// "podman").
[[nodiscard]] Result<std::vector<IpAddress>> own_addresses();

// Names that were ready once stay so: a certificate, once public, is not taken back for a hiccup of DNS.
[[nodiscard]] Result<std::set<std::string>> load_ready_names(const std::filesystem::path& root);
[[nodiscard]] Result<void> save_ready_names(const std::filesystem::path& root,
                                            const std::set<std::string>& names);

// A credential that is no port number is as good as none.
[[nodiscard]] OutsidePorts outside_ports();

[[nodiscard]] Result<MachineFacts> machine_facts(const std::filesystem::path& root);

// image name -> "reference@digest" of the images embedded in this version (/usr/lib/openhaven/images.json).
using Images = std::map<std::string, std::string>;
[[nodiscard]] Result<Images> parse_images(const std::string& json, const std::string& name);
[[nodiscard]] Result<Images> load_images(const std::filesystem::path& root);

}  // namespace stratify::stack
