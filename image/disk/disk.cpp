#include "image/disk/disk.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>

#include "image/disk/filesystems.hpp"
#include "image/disk/grub.hpp"
#include "platform/file.hpp"
#include "platform/sysroot.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

// Where the tree of /boot is gathered: on a tmpfs if there is one, because libostree freezes the file system
// it is on.
fs::path volatile_folder(const fs::path& otherwise) {
  for (const auto* candidate : {"/run", "/dev/shm", "/tmp"}) {
    struct statfs status{};
    if (::statfs(candidate, &status) == 0 && status.f_type == TMPFS_MAGIC && ::access(candidate, W_OK) == 0) {
      return candidate;
    }
  }
  return otherwise;
}

std::vector<std::string> kernel_arguments(const DiskOptions& options) {
  std::vector<std::string> all{"root=LABEL=" + std::string(kLabelRoot), "rootflags=noatime,compress=zstd:1"};
  all.insert(all.end(), options.kernel_arguments.begin(), options.kernel_arguments.end());
  return all;
}

void tell(const DiskOptions& options, std::string_view step) {
  if (options.on_step) options.on_step(step);
}

// What libostree does not put on /boot: GRUB's own files and the menu of the first deployment.
Result<void> complete_boot(ProcessRunner& runner, const DiskOptions& options, const fs::path& sysroot,
                           const fs::path& boot) {
  TRY(write_file(boot / "grub2/haven.cfg", boot_configuration()));
  TRY(write_file(boot / "grub2/grubenv", empty_environment(), 0600));
  std::error_code error;
  fs::create_symlink("../loader/grub.cfg", boot / "grub2/grub.cfg",
                     error);  // by this libostree knows GRUB is used
  if (error) return errno_error("create", boot / "grub2/grub.cfg", error.value());
  TRY(run_checked(
      runner, {.arguments = {options.boot_menu, "--sysroot", sysroot, "-o", boot / "loader.1/grub.cfg"}}));
  return {};
}

Result<void> write_at(const fs::path& file, std::uint64_t offset, std::string_view data) {
  const auto fd = TRY(open_file(file, O_WRONLY));
  if (::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) return errno_error("seek in", file);
  return write_all(fd.get(), data, file);
}

// What firmware starts. Nothing in it depends on the root, so it is made beside that.
struct Starter {
  BootLoader loader;
  fs::path esp;  // image of the EFI system partition
};

Result<Starter> make_starter(ProcessRunner& runner, const DiskOptions& options, const Disk& disk,
                             const fs::path& work) {
  const auto& layout = disk.layout;
  Starter starter{
      .loader = TRY(make_boot_loader(
          runner, {.modules = options.grub_modules, .work = work, .core_offset = layout.bios.offset})),
      .esp = work / "esp"};
  TRY(write_file(work / "BOOTX64.EFI", starter.loader.efi));
  TRY(make_esp(runner, layout.esp, starter.esp, work / "BOOTX64.EFI", disk.time));
  return starter;
}

// Everything in front of the root, and the backup table behind it.
Result<void> complete_disk(ProcessRunner& runner, const Disk& disk, const Starter& starter,
                           const fs::path& boot, const fs::path& file) {
  const auto& layout = disk.layout;
  TRY(shift(file, layout.root.offset));
  std::error_code error;
  fs::resize_file(file, layout.table.size, error);
  if (error) return errno_error("size", file, error.value());
  TRY(make_boot(runner, layout.boot, file, boot, disk.time));
  TRY(copy_into(file, layout.esp.offset, starter.esp));
  TRY(write_at(file, layout.bios.offset, starter.loader.bios_core));
  auto table = encode(layout.table);
  table.front.replace(0, starter.loader.boot_code.size(), starter.loader.boot_code);
  TRY(write_at(file, 0, table.front));
  return write_at(file, layout.table.size - table.back.size(), table.back);
}

}  // namespace

Result<Disk> write_disk(ProcessRunner& runner, const DiskOptions& options) {
  Disk disk{.layout = TRY(lay_out(options.layout, options.commit)),
            .deployment = {},
            .time = TRY(ostree::commit_time(options.repository, options.commit))};
  const auto work = TRY(TemporaryFolder::create(options.work, "disk"));
  const auto fast = TRY(TemporaryFolder::create(volatile_folder(work.path()), "disk"));
  const auto sysroot = work.path() / "sysroot";
  const auto boot = fast.path() / "boot";
  TRY(make_folders(sysroot));
  TRY(make_folders(boot));

  tell(options, "deployment");
  disk.deployment = TRY(ostree::deploy_first(sysroot, boot,
                                             {.repository = options.repository,
                                              .commit = options.commit,
                                              .ref = options.ref,
                                              .stateroot = options.stateroot,
                                              .kernel_arguments = kernel_arguments(options)}));
  TRY(complete_boot(runner, options, sysroot, boot));
  // On the disk /boot is a mount point.
  TRY(remove_tree(sysroot / "boot"));
  TRY(make_folders(sysroot / "boot"));

  tell(options, "file systems and boot loader");
  auto starter =
      std::async(std::launch::async, [&] { return make_starter(runner, options, disk, fast.path()); });
  const auto file = fs::path(options.output.string() + ".part");
  TRY(make_folders(fs::absolute(options.output).parent_path()));
  const auto root_size = TRY(make_root(runner, disk.layout.root,
                                       {.tree = sysroot,
                                        .image = file,
                                        .compression = options.compression,
                                        .subvolumes = {"ostree/deploy/" + options.stateroot + "/var"},
                                        .time = disk.time}));
  // The tree is on the disk now; removing it takes as long as all that follows.
  auto removed = std::async(std::launch::async, [&] { return ostree::remove_sysroot(sysroot); });
  const auto started = TRY(starter.get());
  disk.layout = TRY(with_root_of(root_size, options.layout, options.commit));
  TRY(complete_disk(runner, disk, started, boot, file));
  TRY(removed.get());
  if (std::rename(file.c_str(), options.output.c_str()) != 0) return errno_error("replace", options.output);
  return disk;
}

}  // namespace stratify::image
