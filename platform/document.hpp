// One small document over HTTP or from a folder, through libcurl. Nobody's word is taken for what it is: the
// caller verifies a signature.
#pragma once

#include <chrono>
#include <string>

#include "platform/error.hpp"

namespace stratify {

struct DocumentLimits {
  std::size_t bytes = 4U << 20U;
  std::chrono::seconds time{60};  // in all
};

// The document at address (http, https or file). Redirections are not followed: a captive portal's page is
// none. kNotFound when the server says so, kInvalidInput when it is too large, kVerification when the server
// cannot prove its name, kTimeout, otherwise kUnavailable.
[[nodiscard]] Result<std::string> fetch_document(const std::string& address, const DocumentLimits& limits);

}  // namespace stratify
