// The verbs of haven-stack.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "platform/bus.hpp"
#include "platform/error.hpp"
#include "stack/apply.hpp"
#include "stack/desired_state.hpp"
#include "stack/dns.hpp"
#include "stack/health.hpp"

namespace stratify::stack {

// Reads catalogue, configuration, images and facts below root and renders them.
[[nodiscard]] Result<DesiredState> render_machine(const std::filesystem::path& root);

// Every rendered file below output, as it would lie below /.
[[nodiscard]] Result<void> write_rendered(const DesiredState& state, const std::filesystem::path& output);

// Looks at every name of the cloud and writes kDnsFile. True when a name has become ready since, so that the
// proxy's configuration has to be rendered anew. Before the claim there is nothing to do; home names have no
// public DNS.
[[nodiscard]] Result<bool> check_dns(const std::filesystem::path& root, DnsProbe& probe);

// How see_health() waits, and whom it tells.
struct Waiting {
  std::function<bool()> pause;                        // a moment; false when there is no time left
  std::function<void(const std::string& words)> say;  // "waiting for files.example.org (it answers 502)"
};

// Returns when every name of the cloud answers (health.hpp); kTimeout names those that do not. Writes
// kFingerprintFile. Before the claim there is nothing to see.
[[nodiscard]] Result<void> see_health(const std::filesystem::path& root, AddressProbe& probe,
                                      const Waiting& waiting);

}  // namespace stratify::stack
