// Applying: makes the machine what the desired state says. Writes only what changed, restarts only what is
// concerned, and may be run again at any time: what an interrupted run left half done, the next one finishes.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "platform/bus.hpp"
#include "platform/error.hpp"
#include "platform/file.hpp"
#include "platform/podman.hpp"
#include "stack/desired_state.hpp"

namespace stratify::stack {

struct ApplyEffects {
  std::filesystem::path root = "/";  // what the paths of the desired state are below
  Units& units;
  Podman& podman;
  // Gives an open folder to a user and group; a test that is not root counts instead.
  std::function<Result<void>(const Descriptor& folder, const std::filesystem::path& path,
                             std::uint32_t owner)>
      own;
  std::chrono::seconds limit{600};  // for all units together
};

// fchown(2).
[[nodiscard]] Result<void> own_folder(const Descriptor& folder, const std::filesystem::path& path,
                                      std::uint32_t owner);

struct Progress {
  std::size_t done = 0;
  std::size_t of = 0;
  std::string words;  // "starting Calendar and contacts"
};

// "2/5 starting Calendar and contacts".
[[nodiscard]] std::string to_string(const Progress& progress);

using OnProgress = std::function<void(const Progress& progress)>;

struct ApplyReport {
  std::vector<std::string> written;  // paths whose content changed
  std::vector<std::string> removed;
  std::vector<UnitJob> jobs;  // what was done to units, in the order they ended
};

// Ends when every wanted unit is active, which for our units means healthy. When some units fail the others
// are still brought up, and the Error (kCommandFailed) names each that failed. Only one may run at a time:
// the unit sees to that.
[[nodiscard]] Result<ApplyReport> apply(const DesiredState& desired, const ApplyEffects& effects,
                                        const OnProgress& on_progress);

}  // namespace stratify::stack
