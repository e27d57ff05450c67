// What the owner decided: /etc/openhaven/cloud.yaml. After the claim it holds the domain and nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "platform/error.hpp"
#include "stack/domain.hpp"
#include "stack/window.hpp"

namespace stratify::stack {

// Below a machine's root.
inline constexpr const char* kConfigurationFile = "etc/openhaven/cloud.yaml";

// The key "updates".
struct UpdateSettings {
  std::string source;              // where releases are published; empty: nowhere, so there are no updates
  std::string channel = "stable";  // or "next"
  bool automatic = true;           // install what is found, in the window; otherwise only when asked
  Window window;
  std::uint64_t trial_seconds = 60;  // how long a new version has to stay healthy
  friend bool operator==(const UpdateSettings&, const UpdateSettings&) = default;
};

struct Configuration {
  Domain domain;
  std::string acme_ca;       // directory URL of another ACME authority (RFC 8555); empty: the proxy's default
  std::string acme_ca_root;  // PEM certificate by which that authority's own site is trusted; may be empty
  UpdateSettings updates;
};

// name stands in the errors: file, line, column and what was expected (kInvalidInput).
[[nodiscard]] Result<Configuration> parse_configuration(const std::string& text, const std::string& name);

// Nothing when the machine is not claimed: the file does not exist.
[[nodiscard]] Result<std::optional<Configuration>> load_configuration(const std::filesystem::path& root);

}  // namespace stratify::stack
