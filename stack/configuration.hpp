// What the owner decided: /etc/openhaven/cloud.yaml. After the claim it holds the domain and nothing else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "platform/error.hpp"
#include "stack/domain.hpp"

namespace stratify::stack {

// Below a machine's root.
inline constexpr const char* kConfigurationFile = "etc/openhaven/cloud.yaml";

struct Configuration {
  Domain domain;
  std::string acme_ca;       // directory URL of another ACME authority (RFC 8555); empty: the proxy's default
  std::string acme_ca_root;  // PEM certificate by which that authority's own site is trusted; may be empty
};

// name stands in the errors: file, line, column and what was expected (kInvalidInput).
[[nodiscard]] Result<Configuration> parse_configuration(const std::string& text, const std::string& name);

// Nothing when the machine is not claimed: the file does not exist.
[[nodiscard]] Result<std::optional<Configuration>> load_configuration(const std::filesystem::path& root);

}  // namespace stratify::stack
