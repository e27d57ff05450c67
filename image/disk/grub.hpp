// GRUB as our disks carry it: a core image for each firmware that only finds /boot and reads grub2/haven.cfg
// there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "platform/error.hpp"
#include "platform/process.hpp"

namespace stratify::image {

struct BootLoader {
  std::string boot_code;  // for the first 440 bytes of the disk
  std::string bios_core;  // for the BIOS boot partition, from its first byte
  std::string efi;        // for EFI/BOOT/BOOTX64.EFI of the EFI system partition
};

// What a place on the disk does to the images grub-mkimage and the modules folder give. core_offset: byte of
// the disk the BIOS core will start at, a multiple of 512. kInvalidInput when an image is not what GRUB 2
// makes.
[[nodiscard]] Result<std::string> patch_boot_code(std::string boot_img, std::uint64_t core_offset);
[[nodiscard]] Result<std::string> patch_core(std::string core_img, std::uint64_t core_offset);

struct BootLoaderOptions {
  std::filesystem::path modules = "/usr/lib/grub";  // holds i386-pc and x86_64-efi
  std::filesystem::path work;                       // an existing folder for intermediate files
  std::uint64_t core_offset = 0;
};

[[nodiscard]] Result<BootLoader> make_boot_loader(ProcessRunner& runner, const BootLoaderOptions& options);

// The static configuration for /boot/grub2/haven.cfg.
[[nodiscard]] std::string boot_configuration();

// An empty environment block (grub-editenv): exactly 1024 bytes, which GRUB overwrites in place.
[[nodiscard]] std::string empty_environment();

}  // namespace stratify::image
