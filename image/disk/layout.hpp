// Where everything lies on a disk of ours, and under which names.
#pragma once

#include <cstdint>
#include <string_view>

#include "image/disk/gpt.hpp"
#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::image {

// Labels of partitions; those of the file systems are the same. The running machine finds them by these
// names.
inline constexpr std::string_view kLabelBios = "openhaven-bios";
inline constexpr std::string_view kLabelEsp = "openhaven-esp";
inline constexpr std::string_view kLabelBoot = "openhaven-boot";
inline constexpr std::string_view kLabelRoot = "openhaven-root";

struct Layout {
  PartitionTable table;
  Partition bios;
  Partition esp;
  Partition boot;
  Partition root;
};

// Partitions in the order BIOS boot, ESP, /boot, root, aligned to a mebibyte; the root takes what is left.
// All GUIDs follow from the commit. kInvalidInput when the disk is too small for the other sizes.
[[nodiscard]] Result<Layout> lay_out(const DiskLayout& wanted, const Sha256& commit);

// The layout with a root of at least `bytes`: the disk grows by what is missing.
[[nodiscard]] Result<Layout> with_root_of(std::uint64_t bytes, const DiskLayout& wanted,
                                          const Sha256& commit);

}  // namespace stratify::image
