#include "image/disk/grub.hpp"

#include <vector>

#include "image/disk/boot_configuration.hpp"
#include "image/disk/gpt.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

// Offsets in GRUB's images (grub-core/boot/i386/pc: boot.S, diskboot.S; the same ones grub-bios-setup
// writes).
constexpr std::size_t kBootCoreSector = 0x5c;
constexpr std::size_t kBootDriveCheck = 0x66;
constexpr std::size_t kCoreNextSector = 0x1f4;
constexpr std::size_t kBootCodeSize = 440;
constexpr std::size_t kLargestCore = 0x78000;  // what fits below the EBDA

void put64(std::string& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>((value >> (8 * i)) & 0xffU);
}

// No modules are read from the disk: everything the configuration uses is built in.
std::vector<std::string> modules_for(bool efi) {
  std::vector<std::string> modules{"part_gpt",   "ext2",    "search", "search_label", "regexp",   "normal",
                                   "configfile", "linux",   "echo",   "test",         "true",     "loadenv",
                                   "sleep",      "reboot",  "halt",   "serial",       "terminal", "ls",
                                   "cat",        "minicmd", "boot"};
  if (efi)
    modules.insert(modules.end(), {"fat", "efifwsetup"});
  else
    modules.emplace_back("biosdisk");
  return modules;
}

Result<std::string> make_core(ProcessRunner& runner, const BootLoaderOptions& options, bool efi) {
  const std::string format = efi ? "x86_64-efi" : "i386-pc";
  const auto output = options.work / (format + ".core");
  const auto early = options.work / "early.cfg";
  TRY(write_file(early, kGrubEarly));
  Command command{.arguments = {"grub-mkimage", "--directory", options.modules / format, "--format", format,
                                "--prefix", "/grub2", "--config", early, "--output", output}};
  for (auto& module : modules_for(efi)) command.arguments.push_back(std::move(module));
  TRY(run_checked(runner, command));
  return read_file(output);
}

}  // namespace

Result<std::string> patch_boot_code(std::string boot_img, std::uint64_t core_offset) {
  if (boot_img.size() != kSector || !boot_img.ends_with("\x55\xaa")) {
    return fail(Category::kInvalidInput, "use", "boot.img", "it is not one boot sector");
  }
  put64(boot_img, kBootCoreSector, core_offset / kSector);
  // Some firmware names the wrong drive: two NOPs make the code always take the first hard disk for an odd
  // answer.
  boot_img.replace(kBootDriveCheck, 2, "\x90\x90");
  boot_img.resize(kBootCodeSize);
  return boot_img;
}

Result<std::string> patch_core(std::string core_img, std::uint64_t core_offset) {
  if (core_img.size() <= kSector || core_img.size() > kLargestCore) {
    return fail(Category::kInvalidInput, "use", "core.img",
                std::to_string(core_img.size()) + " bytes; expected 512 to " + std::to_string(kLargestCore));
  }
  put64(core_img, kCoreNextSector, core_offset / kSector + 1);
  return core_img;
}

Result<BootLoader> make_boot_loader(ProcessRunner& runner, const BootLoaderOptions& options) {
  auto boot_img = TRY(read_file(options.modules / "i386-pc/boot.img"));
  auto core = TRY(make_core(runner, options, false));
  return BootLoader{.boot_code = TRY(patch_boot_code(std::move(boot_img), options.core_offset)),
                    .bios_core = TRY(patch_core(std::move(core), options.core_offset)),
                    .efi = TRY(make_core(runner, options, true))};
}

std::string boot_configuration() { return std::string(kGrubConfiguration); }

std::string empty_environment() {
  std::string block = "# GRUB Environment Block\n";
  block.resize(1024, '#');
  return block;
}

}  // namespace stratify::image
