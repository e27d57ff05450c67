// X.509 certificates (RFC 5280): as far as a person compares them, and one that a server makes for itself.
#pragma once

#include <chrono>
#include <string>

#include "platform/error.hpp"

namespace stratify {

// The SHA-256 of the first certificate in a PEM text, as browsers and `openssl x509 -fingerprint` write it:
// 32 pairs of hexadecimal capitals with colons between. kInvalidInput when there is none.
[[nodiscard]] Result<std::string> fingerprint_of(const std::string& pem);

struct SelfSigned {
  std::string certificate;  // PEM
  std::string key;          // PEM (PKCS #8), not encrypted
};

// A new P-256 key and a certificate for it that only its fingerprint vouches for: valid from a day ago,
// because clocks differ. name is a host name.
[[nodiscard]] Result<SelfSigned> make_self_signed(const std::string& name, std::chrono::seconds validity);

}  // namespace stratify
