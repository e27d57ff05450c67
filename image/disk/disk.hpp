// From a commit to a disk that boots.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "image/disk/layout.hpp"
#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/process.hpp"
#include "platform/sha256.hpp"

namespace stratify::image {

struct DiskOptions {
  std::filesystem::path repository;  // local OSTree repository, mode bare, that holds the commit
  Sha256 commit;
  std::string ref;  // what the machine follows: "openhaven/amd64/core"
  std::string stateroot = "openhaven";
  std::vector<std::string> kernel_arguments;  // root= and rootflags= are added
  DiskLayout layout;
  std::filesystem::path output;  // the disk; replaced when all is done
  std::filesystem::path work;  // for trees of hard links: on the repository's file system; made when missing
  std::filesystem::path boot_menu;  // the program haven-boot-menu
  std::filesystem::path grub_modules = "/usr/lib/grub";
  std::string compression = "zstd:3";             // of the root, as mkfs.btrfs takes it
  std::function<void(std::string_view)> on_step;  // told what begins: "root file system"
};

struct Disk {
  Layout layout;
  std::string deployment;  // "<commit>.0"
  std::uint64_t time = 0;  // of the commit: seconds since the epoch
};

// Writes a sparse raw disk: GPT with GRUB for BIOS and UEFI, /boot as ext4, the root as btrfs with the commit
// deployed and /var (ostree/deploy/<stateroot>/var) as a subvolume. Needs no mount, no loop device and no
// privilege but being root of its user namespace. The disk becomes larger than the layout says when the tree
// needs it. Errors: kInvalidInput for a layout that cannot be, kCommandFailed with a tool's own words.
[[nodiscard]] Result<Disk> write_disk(ProcessRunner& runner, const DiskOptions& options);

}  // namespace stratify::image
