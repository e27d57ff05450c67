// The memory of applying, in /run beside what it made: which files are ours, and from what each unit was
// started.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "platform/error.hpp"

namespace stratify::stack {

// Fingerprints of what a unit was last started or reloaded with.
struct AppliedUnit {
  std::string definition;
  std::string configuration;
  friend bool operator==(const AppliedUnit&, const AppliedUnit&) = default;
};

struct Applied {
  std::set<std::string> files;               // absolute paths
  std::map<std::string, AppliedUnit> units;  // units we started; empty fingerprints while that is under way
};

// Nothing applied yet, as after a boot, is an empty record. A damaged record is one too: everything is then
// done anew.
[[nodiscard]] Result<Applied> load_applied(const std::filesystem::path& root);
[[nodiscard]] Result<void> save_applied(const std::filesystem::path& root, const Applied& applied);

}  // namespace stratify::stack
