#include "image/disk/filesystems.hpp"

#include <sys/stat.h>

#include "image/disk/gpt.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

Command at_time(std::uint64_t time, std::vector<std::string> arguments) {
  return {.arguments = std::move(arguments), .environment = {{"SOURCE_DATE_EPOCH", std::to_string(time)}}};
}

Result<std::uint64_t> size_of(const fs::path& image) {
  std::error_code error;
  const auto size = fs::file_size(image, error);
  if (error) return errno_error("measure", image, error.value());
  return size;
}

Result<void> check_root(ProcessRunner& runner, const fs::path& image) {
  const auto checked = TRY(runner.run({.arguments = {"btrfs", "check", "--readonly", image}}));
  if (checked.exit_code == 0) return {};
  return fail(Category::kVerification, "check", image, "btrfs check found an error: " + checked.err);
}

}  // namespace

Result<std::uint64_t> make_root(ProcessRunner& runner, const Partition& partition,
                                const RootOptions& options) {
  TRY(write_file(options.image, ""));
  std::error_code error;
  fs::resize_file(options.image, partition.size, error);
  if (error) return errno_error("size", options.image, error.value());
  // Half the default: docs/decisions/0014-node-size.md.
  constexpr auto kNodeBytes = "8192";
  // A file that is too small for its estimate (32 KiB for each hard link) is enlarged by mkfs.btrfs, and
  // shrunk again to what the tree takes.
  auto command =
      at_time(options.time, {"mkfs.btrfs", "--quiet", "--nodiscard", "--shrink", "--nodesize", kNodeBytes,
                             "--label", partition.label, "--uuid", guid_from(partition.id, "filesystem"),
                             "--device-uuid", guid_from(partition.id, "device"), "--rootdir", options.tree,
                             "--compress", options.compression});
  for (const auto& folder : options.subvolumes) {
    command.arguments.insert(command.arguments.end(), {"--subvol", "rw:" + folder});
  }
  command.arguments.push_back(options.image);
  TRY(run_checked(runner, command));
  TRY(check_root(runner, options.image));
  return size_of(options.image);
}

Result<void> make_boot(ProcessRunner& runner, const Partition& partition, const fs::path& disk,
                       const fs::path& tree, std::uint64_t time) {
  const auto uuid = guid_from(partition.id, "filesystem");
  const auto extended =
      "offset=" + std::to_string(partition.offset) + ",hash_seed=" + uuid + ",root_owner=0:0,nodiscard";
  TRY(run_checked(runner, at_time(time, {"mke2fs", "-q", "-F", "-t", "ext4", "-L", partition.label, "-U",
                                         uuid, "-m", "1", "-E", extended, "-d", tree, disk,
                                         std::to_string(partition.size / 1024) + "k"})));
  return {};
}

Result<void> make_esp(ProcessRunner& runner, const Partition& partition, const fs::path& image,
                      const fs::path& loader, std::uint64_t time) {
  const auto serial = partition.id.substr(0, 8);
  TRY(run_checked(runner, at_time(time, {"mkfs.fat", "-F", "32", "-s", "1", "--invariant", "-i", serial, "-n",
                                         "HAVEN-ESP", "-h", std::to_string(partition.offset / kSector), "-C",
                                         image, std::to_string(partition.size / 1024)})));
  TRY(run_checked(runner, at_time(time, {"mmd", "-i", image, "::EFI", "::EFI/BOOT"})));
  TRY(run_checked(runner, at_time(time, {"mcopy", "-i", image, loader, "::EFI/BOOT/BOOTX64.EFI"})));
  return {};
}

}  // namespace stratify::image
