// What a person is told about their cloud: the addresses, what to type into a phone, the DNS records to set,
// and whether DNS points here yet. Kept as JSON below /run/openhaven/ for the pages and the command line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "stack/domain.hpp"

namespace stratify::stack {

inline constexpr const char* kLiveFile = "/run/openhaven/live.json";
inline constexpr const char* kDnsFile = "/run/openhaven/dns.json";

// One line to copy, e.g. label "CalDAV address", value "https://calendar.example.org/owner/".
struct Hint {
  std::string label;
  std::string value;
  friend bool operator==(const Hint&, const Hint&) = default;
};

struct Address {
  std::string title;  // "Calendar and contacts"
  std::string host;   // "calendar.example.org"
  std::string url;    // "https://calendar.example.org/"
  std::string unit;   // the unit that serves it: "radicale.service"
  std::vector<Hint> hints;
  friend bool operator==(const Address&, const Address&) = default;
};

struct DnsRecord {
  std::string name;   // "calendar.example.org"
  std::string type;   // "A" or "AAAA"
  std::string value;  // "203.0.113.7"; empty when this machine does not know its public address
  friend bool operator==(const DnsRecord&, const DnsRecord&) = default;
};

// Written by rendering to kLiveFile.
struct Live {
  std::string domain;   // A-label form
  std::string display;  // as a person reads it
  std::string url;      // "https://example.org/"
  DomainKind kind = DomainKind::kHome;
  std::vector<Address> addresses;
  std::vector<DnsRecord> records;  // of a public domain; a home network's router knows its own
  std::string authority_url;       // the box's own root certificate, to be trusted by devices
  friend bool operator==(const Live&, const Live&) = default;
};

// One name, looked up.
struct NameState {
  std::string name;
  bool ready = false;                // it leads to this machine
  std::vector<std::string> answers;  // the addresses it has now
  std::string advice;                // a sentence for the owner; empty when ready
  friend bool operator==(const NameState&, const NameState&) = default;
};

// Written by "haven-stack dns" to kDnsFile.
struct DnsState {
  std::vector<NameState> names;
  friend bool operator==(const DnsState&, const DnsState&) = default;
};

[[nodiscard]] std::string to_json(const Live& live);
[[nodiscard]] std::string to_json(const DnsState& state);
// kInvalidInput when the text is not what to_json writes.
[[nodiscard]] Result<Live> parse_live(const std::string& text);
[[nodiscard]] Result<DnsState> parse_dns_state(const std::string& text);

}  // namespace stratify::stack
