#include "image/disk/layout.hpp"

#include <string>

namespace stratify::image {

namespace {

constexpr std::uint64_t kBiosMib = 1;
constexpr std::uint64_t kTablesMib = 2;          // one before the partitions, one behind them
constexpr std::uint64_t kSmallestRootMib = 109;  // mkfs.btrfs refuses less
constexpr std::uint64_t kSmallestEspMib = 34;    // the least that holds FAT32
constexpr std::uint64_t kSmallestBootMib = 8;

Result<void> check(const DiskLayout& wanted) {
  const auto others = kTablesMib + kBiosMib + wanted.esp_mib + wanted.boot_mib;
  if (wanted.esp_mib < kSmallestEspMib || wanted.boot_mib < kSmallestBootMib) {
    return fail(Category::kInvalidInput, "lay out", "the disk",
                "esp needs at least " + std::to_string(kSmallestEspMib) + " MiB and boot " +
                    std::to_string(kSmallestBootMib) + " MiB");
  }
  if (wanted.size_mib < others + kSmallestRootMib) {
    return fail(Category::kInvalidInput, "lay out", "the disk",
                std::to_string(wanted.size_mib) + " MiB leave too little for the root; the least is " +
                    std::to_string(others + kSmallestRootMib) + " MiB");
  }
  return {};
}

}  // namespace

Result<Layout> lay_out(const DiskLayout& wanted, const Sha256& commit) {
  TRY(check(wanted));
  std::uint64_t next = kMebibyte;
  const auto place = [&](std::string_view label, std::string_view type, std::uint64_t mebibytes) {
    Partition partition{.label = std::string(label),
                        .type = std::string(type),
                        .id = guid_from(commit.hex(), label),
                        .offset = next,
                        .size = mebibytes * kMebibyte};
    next += partition.size;
    return partition;
  };
  Layout layout;
  layout.bios = place(kLabelBios, kTypeBios, kBiosMib);
  layout.esp = place(kLabelEsp, kTypeEsp, wanted.esp_mib);
  layout.boot = place(kLabelBoot, kTypeBoot, wanted.boot_mib);
  layout.root = place(kLabelRoot, kTypeRoot, wanted.size_mib - 1 - next / kMebibyte);
  layout.table = {.disk = guid_from(commit.hex(), "disk"),
                  .size = wanted.size_mib * kMebibyte,
                  .partitions = {layout.bios, layout.esp, layout.boot, layout.root}};
  return layout;
}

Result<Layout> with_root_of(std::uint64_t bytes, const DiskLayout& wanted, const Sha256& commit) {
  auto layout = TRY(lay_out(wanted, commit));
  if (layout.root.size >= bytes) return layout;
  auto larger = wanted;
  larger.size_mib += (bytes - layout.root.size + kMebibyte - 1) / kMebibyte;
  return lay_out(larger, commit);
}

}  // namespace stratify::image
