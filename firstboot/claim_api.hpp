// What the pages and the consoles ask of the claim.
#pragma once

#include <string>
#include <string_view>

#include "firstboot/claim.hpp"
#include "firstboot/secret.hpp"
#include "platform/error.hpp"

namespace stratify::firstboot {

// The bus name, object and interface of haven-claim.
inline constexpr const char* kBusName = "dev.openhaven.Claim1";
inline constexpr const char* kBusPath = "/dev/openhaven/Claim1";
inline constexpr const char* kBusInterface = "dev.openhaven.Claim1";

// Every call may also fail with kUnavailable, when haven-claim does not answer. The categories of the other
// failures are those of the methods of Claim, their causes are sentences for a person.
class ClaimApi {
 public:
  virtual ~ClaimApi() = default;

  [[nodiscard]] virtual Result<Status> status() = 0;
  [[nodiscard]] virtual Result<Secret> claim(std::string_view domain, std::string_view code,
                                             std::string_view peer) = 0;
  [[nodiscard]] virtual Result<bool> knows_session(std::string_view token) = 0;
  // Hands the first password over, once. kPermission when the session is not the claimer's.
  [[nodiscard]] virtual Result<Secret> first_password(std::string_view token) = 0;

  // For root only, kPermission for everybody else.
  [[nodiscard]] virtual Result<std::string> code() = 0;
  [[nodiscard]] virtual Result<void> claim_here(std::string_view domain) = 0;
  [[nodiscard]] virtual Result<void> reopen() = 0;
  [[nodiscard]] virtual Result<void> repair() = 0;
  [[nodiscard]] virtual Result<Secret> first_password_here() = 0;
  [[nodiscard]] virtual Result<void> renew_password() = 0;
};

}  // namespace stratify::firstboot
