#include "stack/health.hpp"

#include <chrono>

#include "platform/http.hpp"

namespace stratify::stack {

namespace {

// Why a name does not answer, empty when it does.
std::string trouble_with(AddressProbe& probe, const VisitedName& visited, const std::string& authority) {
  if (!visited.leads_here && authority.empty()) return "its certificate is being made";
  const auto status = probe.visit(visited.name, visited.leads_here ? "" : authority);
  constexpr unsigned kFailure = 500;  // RFC 9110, section 15.6
  if (status) return *status < kFailure ? "" : "it answers " + std::to_string(*status);
  const bool without_certificate = status.error().category() == Category::kVerification;
  return visited.leads_here && without_certificate ? "" : status.error().cause();
}

}  // namespace

std::vector<std::string> not_answering(AddressProbe& probe, const std::vector<VisitedName>& names,
                                       const std::string& authority) {
  std::vector<std::string> waiting;
  for (const auto& visited : names) {
    const auto trouble = trouble_with(probe, visited, authority);
    if (!trouble.empty()) waiting.push_back(visited.name + " (" + trouble + ")");
  }
  return waiting;
}

Result<unsigned> LocalAddressProbe::visit(const std::string& name, const std::string& authority) {
  constexpr std::uint16_t kHttps = 443;
  const TlsSocket proxy{.tcp = {"127.0.0.1", kHttps}, .name = name, .authority = authority};
  return TRY(ask(proxy, {.host = name}, {.time = std::chrono::seconds(20)})).status;
}

}  // namespace stratify::stack
