#include "stack/dns.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>

#include "platform/http.hpp"
#include "platform/resolve.hpp"

namespace stratify::stack {

namespace {

bool is_own(const std::string& answer, const std::vector<IpAddress>& own) {
  const auto same = [&](const IpAddress& address) { return address.text == answer; };
  return std::ranges::any_of(own, same);
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::vector<DnsRecord> wanted_records(const std::vector<std::string>& names,
                                      const std::vector<IpAddress>& addresses) {
  std::vector<DnsRecord> records;
  for (const auto& name : names) {
    bool has_v4 = false;
    bool has_any = false;
    for (const auto& address : addresses) {
      if (!address.global) continue;
      records.push_back({.name = name, .type = address.v6 ? "AAAA" : "A", .value = address.text});
      has_any = true;
      has_v4 = has_v4 || !address.v6;
    }
    if (!has_any || !has_v4) records.push_back({.name = name, .type = "A", .value = ""});
  }
  return records;
}

namespace {

// Empty when all lead here.
std::string advice_on(DnsProbe& probe, const std::string& name, const std::vector<std::string>& answers,
                      const DnsJudgement& by) {
  std::vector<std::string> foreign;
  for (const auto& answer : answers) {
    const auto address = parse_address(answer);
    if (!by.private_too && address && !address->global) {
      return name + " leads to " + answer +
             ", an address of a private network. A public certificate needs a public address.";
    }
    if (!is_own(answer, by.own) && probe.fetch_token(name, answer) != by.token) foreign.push_back(answer);
  }
  if (foreign.empty()) return "";
  return name + " leads to " + list_of(foreign) +
         ", which is not this machine. Change the record, or forward ports 80 and 443 here.";
}

}  // namespace

NameState check_name(DnsProbe& probe, const std::string& name, const DnsJudgement& by) {
  NameState state{.name = name};
  const auto answers = probe.resolve(name);
  if (!answers) {
    state.advice = "No name server answered. Check this machine's network.";
    return state;
  }
  state.answers = *answers;
  state.advice =
      answers->empty()
          ? name + " has no address yet. Set the records shown; new ones can take an hour to be seen."
          : advice_on(probe, name, *answers, by);
  state.ready = state.advice.empty();
  return state;
}

Result<std::vector<std::string>> SystemDnsProbe::resolve(const std::string& name) {
  return resolve_addresses(name);
}

Result<std::string> SystemDnsProbe::fetch_token(const std::string& name, const std::string& address) {
  constexpr std::uint16_t kPlain = 80;
  constexpr unsigned kOk = 200;
  auto answer =
      TRY(ask(TcpSocket{address, kPlain}, {.target = "/.well-known/openhaven/reachable", .host = name},
              {.time = std::chrono::seconds(5), .header = 4096, .body = 1024}));
  if (answer.status == kOk) return std::move(answer.body);
  return fail(Category::kUnavailable, "ask", address, "it answered " + std::to_string(answer.status));
}

}  // namespace stratify::stack
