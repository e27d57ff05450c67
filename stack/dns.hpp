// DNS: which records a cloud needs, and whether its names lead here yet.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "stack/live.hpp"
#include "stack/machine.hpp"

namespace stratify::stack {

// A and AAAA records of every name. Global addresses only; a machine without one (behind a router) gives an A
// record with an empty value for the owner to fill with the router's public address.
[[nodiscard]] std::vector<DnsRecord> wanted_records(const std::vector<std::string>& names,
                                                    const std::vector<IpAddress>& addresses);

// The outside as the check sees it.
class DnsProbe {
 public:
  virtual ~DnsProbe() = default;
  // The addresses of a name by the system's resolver; empty when it has none. kUnavailable when nobody
  // answered.
  [[nodiscard]] virtual Result<std::vector<std::string>> resolve(const std::string& name) = 0;
  // The body of http://<name>/.well-known/openhaven/reachable asked of one address, without following
  // redirects.
  [[nodiscard]] virtual Result<std::string> fetch_token(const std::string& name,
                                                        const std::string& address) = 0;
};

// By what a name is judged.
struct DnsJudgement {
  const std::vector<IpAddress>& own;
  const std::string& token;  // what only this machine hands back
  bool private_too = false;  // the authority of the certificates sees addresses that are not global, too
};

// Whether name leads to this machine: it resolves to an address of ours, or what it resolves to hands back
// the token. Every answer has to, since visitors and the authority may take any.
[[nodiscard]] NameState check_name(DnsProbe& probe, const std::string& name, const DnsJudgement& by);

// resolve_addresses() and a plain HTTP request with bounds of time (5 s) and size (1 KiB).
class SystemDnsProbe final : public DnsProbe {
 public:
  [[nodiscard]] Result<std::vector<std::string>> resolve(const std::string& name) override;
  [[nodiscard]] Result<std::string> fetch_token(const std::string& name, const std::string& address) override;
};

}  // namespace stratify::stack
