// X.509 certificates (RFC 5280), as far as a person compares them.
#pragma once

#include <string>

#include "platform/error.hpp"

namespace stratify {

// The SHA-256 of the first certificate in a PEM text, as browsers and `openssl x509 -fingerprint` write it:
// 32 pairs of hexadecimal capitals with colons between. kInvalidInput when there is none.
[[nodiscard]] Result<std::string> fingerprint_of(const std::string& pem);

}  // namespace stratify
