// The file systems of a disk, made inside its image file by byte offset: no mount, no loop device, no
// privilege.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "image/disk/gpt.hpp"
#include "platform/error.hpp"
#include "platform/process.hpp"

namespace stratify::image {

struct RootOptions {
  std::filesystem::path tree;
  std::filesystem::path image;          // made anew: the file system from its first byte to its last
  std::string compression;              // as mkfs.btrfs takes it: "zstd:3", "no"
  std::vector<std::string> subvolumes;  // folders of the tree that become subvolumes, without leading "/"
  std::uint64_t time = 0;               // seconds since the epoch, for what has no time of its own
};

// btrfs, as small as mkfs.btrfs makes it: its size in bytes is returned, and the running machine grows it to
// its partition. The finished file system is checked; kVerification when btrfs-check finds an error.
[[nodiscard]] Result<std::uint64_t> make_root(ProcessRunner& runner, const Partition& partition,
                                              const RootOptions& options);

// ext4 with the files of tree, at the partition's place in the disk.
[[nodiscard]] Result<void> make_boot(ProcessRunner& runner, const Partition& partition,
                                     const std::filesystem::path& disk, const std::filesystem::path& tree,
                                     std::uint64_t time);

// FAT32 with one file, EFI/BOOT/BOOTX64.EFI, as a file of its own: mkfs.fat waits until all of its file is on
// the disk, so that file had better be small.
[[nodiscard]] Result<void> make_esp(ProcessRunner& runner, const Partition& partition,
                                    const std::filesystem::path& image, const std::filesystem::path& loader,
                                    std::uint64_t time);

// Writes the data of a file into an existing larger one from byte `offset` on. Holes are skipped, so that
// place must hold zeros.
[[nodiscard]] Result<void> copy_into(const std::filesystem::path& disk, std::uint64_t offset,
                                     const std::filesystem::path& file);

// Shifts the whole content of a file up by `offset` bytes (a multiple of the file system's block size). ext4
// and xfs do it without moving data (fallocate(2), FALLOC_FL_INSERT_RANGE); elsewhere the data is copied,
// holes are kept.
[[nodiscard]] Result<void> shift(const std::filesystem::path& file, std::uint64_t offset);
[[nodiscard]] Result<void> shift_by_copying(const std::filesystem::path& file, std::uint64_t offset);

}  // namespace stratify::image
