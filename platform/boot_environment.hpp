// GRUB's environment block (GRUB manual, "Environment block"): a few names and values that the boot loader
// reads and writes in place, before any file system driver of ours runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/error.hpp"

namespace stratify {

class BootEnvironment {
 public:
  // Exactly the bytes of a block. kInvalidInput when they are no block: another size than 1024 bytes (GRUB
  // writes no other), another first line.
  [[nodiscard]] static Result<BootEnvironment> parse(std::string_view block);

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  // name has no '=', no newline and does not begin with '#'.
  void set(std::string_view name, std::string_view value);
  void unset(std::string_view name);

  // The block, exactly 1024 bytes. Names that begin with "haven_" come first, in the order of the alphabet:
  // they lie in the first of the two sectors, so that a write torn between the sectors cannot mix what
  // counts. kNoSpace when the values do not fit, or those of ours not in the first sector.
  [[nodiscard]] Result<std::string> render() const;

  friend bool operator==(const BootEnvironment&, const BootEnvironment&) = default;

 private:
  using Variable = std::pair<std::string, std::string>;
  std::vector<Variable> variables_;  // ours first, the others as they stood
};

// kNotFound without a file, kInvalidInput when it is damaged: too short, empty, another first line.
[[nodiscard]] Result<BootEnvironment> read_boot_environment(const std::filesystem::path& file);

// Durable when it returns. A file of 1024 bytes is written in place, as GRUB itself does: its blocks stay
// where they are. Any other is replaced by a new one, or made.
[[nodiscard]] Result<void> write_boot_environment(const std::filesystem::path& file,
                                                  const BootEnvironment& environment);

// GRUB reads ext4 without its journal: what a file system has only there, GRUB does not see. This writes
// everything to where GRUB looks for it: syncfs(2), then the file system of the folder is frozen and thawed
// (ioctl_fs(2), FIFREEZE), as libostree does for /boot. A file system that cannot be frozen has no journal to
// empty and is no error. kPermission without CAP_SYS_ADMIN.
[[nodiscard]] Result<void> checkpoint_for_boot_loader(const std::filesystem::path& folder_on_boot);

}  // namespace stratify
