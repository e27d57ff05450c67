// Subvolumes (btrfs-subvolume(8)).
#pragma once

#include <filesystem>

#include "platform/error.hpp"

namespace stratify {

// Makes path, whose parent exists, a new btrfs subvolume; on another file system a plain folder. A folder
// that is there already stays as it is.
[[nodiscard]] Result<void> make_subvolume(const std::filesystem::path& path);

// True when path is the root of a btrfs subvolume.
[[nodiscard]] Result<bool> is_subvolume(const std::filesystem::path& path);

}  // namespace stratify
