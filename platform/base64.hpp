// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <string>
#include <string_view>

namespace stratify {

[[nodiscard]] std::string to_base64(std::string_view data);

// Empty when text is not the base64 of anything: white space and other ways to write the same are refused.
[[nodiscard]] std::string from_base64(std::string_view text);

}  // namespace stratify
