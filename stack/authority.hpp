// The box's own certificate authority: Caddy makes it when the machine is claimed and keeps its key.
#pragma once

#include <filesystem>
#include <string>

#include "platform/error.hpp"

namespace stratify::stack {

// By what a person recognises the root certificate: its SHA-256 as browsers show it. Written by "haven-stack
// health", kept as one line for the pages and the console.
inline constexpr const char* kFingerprintFile = "/run/openhaven/authority.sha256";

// The root certificate (PEM). kNotFound until Caddy has made it.
[[nodiscard]] Result<std::string> own_authority(const std::filesystem::path& root);

// Removes the certificate the box made for a name itself, so that Caddy asks another authority at once and
// not when it nears its end. Visitors of that name wait a few seconds, this one time.
[[nodiscard]] Result<void> forget_own_certificate(const std::filesystem::path& root, const std::string& name);

// The line of kFingerprintFile, empty when there is none yet.
[[nodiscard]] std::string known_fingerprint(const std::filesystem::path& file = kFingerprintFile);

}  // namespace stratify::stack
