// Subvolumes and snapshots of them (btrfs-subvolume(8)), by btrfs' own calls, without its program.
#pragma once

#include <cstdint>
#include <filesystem>

#include "platform/error.hpp"

namespace stratify {

// Makes path, whose parent exists, a new btrfs subvolume; on another file system a plain folder. A folder
// that is there already stays as it is.
[[nodiscard]] Result<void> make_subvolume(const std::filesystem::path& path);

// True when path is the root of a btrfs subvolume.
[[nodiscard]] Result<bool> is_subvolume(const std::filesystem::path& path);

struct SnapshotOptions {
  bool read_only = false;
};

// Makes destination, whose parent exists on the same file system, a snapshot of the subvolume source: what
// source holds in this moment, of one piece. Durable when it returns. kInvalidInput when source is no
// subvolume of a btrfs file system, kConflict when destination is there, kNoSpace.
[[nodiscard]] Result<void> snapshot(const std::filesystem::path& source,
                                    const std::filesystem::path& destination,
                                    const SnapshotOptions& options = {});

// Removes a subvolume, read-only or not, with everything in it; subvolumes inside it have to go first. A path
// that does not exist is no error; kInvalidInput when it is no subvolume. The name is gone for good when it
// returns; its room is given back later.
[[nodiscard]] Result<void> delete_subvolume(const std::filesystem::path& path);

// Number of a subvolume, unique on its file system for ever. kInvalidInput when path is none.
[[nodiscard]] Result<std::uint64_t> subvolume_id(const std::filesystem::path& path);

// Writes all that is pending on the btrfs file system of path to the disk (BTRFS_IOC_SYNC); syncfs(2)
// elsewhere.
[[nodiscard]] Result<void> sync_file_system(const std::filesystem::path& path);

// Swaps two files or folders of one file system (renameat2(2), RENAME_EXCHANGE), subvolumes too: at each
// moment, and after a power cut, both names lead somewhere. Durable when it returns. kNotFound unless both
// are there.
[[nodiscard]] Result<void> exchange(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace stratify
