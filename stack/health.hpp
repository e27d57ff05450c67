// Health as visitors meet it: every address of the cloud answers over TLS, through the proxy.
//
// An address answers when the proxy, asked for its name (SNI), shows a certificate for it and hands the
// request to a service that does not fail (a status below 500). Who has to have signed:
//
// - the box's own authority, for a home name and for a public name that does not lead here yet;
// - anybody, for a name that leads here: its certificate is the public authority's matter, and which of them
// a
//   visitor trusts this machine cannot know. While there is no certificate yet, because that authority is
//   slow or refuses, the name counts as answering: nothing here waits for DNS or for anybody outside.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platform/error.hpp"

namespace stratify::stack {

// The proxy as a visitor on this machine meets it.
class AddressProbe {
 public:
  virtual ~AddressProbe() = default;
  // The status of https://<name>/. authority as TlsSocket takes it; the errors of ask() in platform/http.hpp.
  [[nodiscard]] virtual Result<unsigned> visit(const std::string& name, const std::string& authority) = 0;
};

struct VisitedName {
  std::string name;
  bool leads_here = false;  // its DNS does
};

// One sentence part for each name that does not answer yet: "files.example.org (it answers 502)". authority
// is the box's own (PEM), empty while it has none.
[[nodiscard]] std::vector<std::string> not_answering(AddressProbe& probe,
                                                     const std::vector<VisitedName>& names,
                                                     const std::string& authority);

// Asks the proxy's published port on the loopback address.
class LocalAddressProbe final : public AddressProbe {
 public:
  [[nodiscard]] Result<unsigned> visit(const std::string& name, const std::string& authority) override;
};

}  // namespace stratify::stack
