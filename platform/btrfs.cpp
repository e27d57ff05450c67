#include "platform/btrfs.hpp"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "platform/file.hpp"

namespace stratify {

namespace {

Result<bool> is_on_btrfs(const Descriptor& folder, const std::filesystem::path& path) {
  struct statfs about{};
  if (::fstatfs(folder.get(), &about) != 0) return errno_error("look at the file system of", path);
  return static_cast<unsigned long>(about.f_type) == BTRFS_SUPER_MAGIC;
}

// The subvolume itself, open. kInvalidInput with a next step when path is something else.
Result<Descriptor> open_subvolume(const std::filesystem::path& path, const char* operation) {
  auto folder = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  struct stat about{};
  if (::fstat(folder.get(), &about) != 0) return errno_error("look at", path);
  if (TRY(is_on_btrfs(folder, path)) && about.st_ino == BTRFS_FIRST_FREE_OBJECTID) return folder;
  return fail(Category::kInvalidInput, operation, path,
              "it is no btrfs subvolume; move what is in it into one (btrfs subvolume create)");
}

template <class Arguments>
Result<void> set_name(Arguments& arguments, const std::filesystem::path& path) {
  const auto name = path.filename().string();
  if (name.empty() || name.size() >= sizeof arguments.name)
    return errno_error("name subvolume", path, name.empty() ? EINVAL : ENAMETOOLONG);
  std::memcpy(arguments.name, name.c_str(), name.size() + 1);
  return {};
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const auto parent = path.parent_path();
  return parent.empty() ? "." : parent;
}

Result<Descriptor> open_folder_of(const std::filesystem::path& path) {
  return open_file(folder_of(path), O_RDONLY | O_DIRECTORY);
}

// Names of subvolumes are durable with the transaction, not with fsync(2) of their folder.
Result<void> sync_btrfs(const Descriptor& folder, const std::filesystem::path& path) {
  if (::ioctl(folder.get(), BTRFS_IOC_SYNC, nullptr) != 0) return errno_error("flush", path);
  return {};
}

}  // namespace

Result<void> make_subvolume(const std::filesystem::path& path) {
  const auto name = path.filename().string();
  if (std::filesystem::is_directory(path)) return {};
  const auto parent = TRY(open_file(path.parent_path(), O_RDONLY | O_DIRECTORY));
  if (!TRY(is_on_btrfs(parent, path))) {
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
      return errno_error("create folder", path);
    return {};
  }
  btrfs_ioctl_vol_args arguments{};
  TRY(set_name(arguments, path));
  if (::ioctl(parent.get(), BTRFS_IOC_SUBVOL_CREATE, &arguments) != 0 && errno != EEXIST) {
    return errno_error("create subvolume", path);
  }
  return {};
}

Result<bool> is_subvolume(const std::filesystem::path& path) {
  const auto folder = TRY(open_file(path, O_RDONLY | O_DIRECTORY));
  struct stat about{};
  if (::fstat(folder.get(), &about) != 0) return errno_error("look at", path);
  return TRY(is_on_btrfs(folder, path)) && about.st_ino == BTRFS_FIRST_FREE_OBJECTID;
}

Result<void> snapshot(const std::filesystem::path& source, const std::filesystem::path& destination,
                      const SnapshotOptions& options) {
  const auto from = TRY(open_subvolume(source, "take a snapshot of"));
  const auto parent = TRY(open_folder_of(destination));
  btrfs_ioctl_vol_args_v2 arguments{};
  TRY(set_name(arguments, destination));
  arguments.fd = from.get();
  if (options.read_only) arguments.flags = BTRFS_SUBVOL_RDONLY;
  if (::ioctl(parent.get(), BTRFS_IOC_SNAP_CREATE_V2, &arguments) != 0)
    return errno_error("take a snapshot of " + source.string() + " as", destination);
  return sync_btrfs(parent, destination);
}

Result<void> delete_subvolume(const std::filesystem::path& path) {
  if (!std::filesystem::exists(std::filesystem::symlink_status(path))) return {};
  TRY(open_subvolume(path, "delete"));
  const auto parent = TRY(open_folder_of(path));
  btrfs_ioctl_vol_args arguments{};
  TRY(set_name(arguments, path));
  if (::ioctl(parent.get(), BTRFS_IOC_SNAP_DESTROY, &arguments) != 0) return errno_error("delete", path);
  return sync_btrfs(parent, path);
}

Result<std::uint64_t> subvolume_id(const std::filesystem::path& path) {
  const auto folder = TRY(open_subvolume(path, "look at"));
  btrfs_ioctl_ino_lookup_args arguments{};
  arguments.objectid = BTRFS_FIRST_FREE_OBJECTID;
  if (::ioctl(folder.get(), BTRFS_IOC_INO_LOOKUP, &arguments) != 0) return errno_error("look at", path);
  return arguments.treeid;
}

Result<void> sync_file_system(const std::filesystem::path& path) {
  const auto folder = TRY(open_file(path, O_RDONLY));
  if (::ioctl(folder.get(), BTRFS_IOC_SYNC, nullptr) != 0 && ::syncfs(folder.get()) != 0)
    return errno_error("flush", path);
  return {};
}

Result<void> exchange(const std::filesystem::path& a, const std::filesystem::path& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0)
    return errno_error("exchange " + a.string() + " with", b);
  TRY(sync_folder(folder_of(a)));
  return sync_folder(folder_of(b));
}

}  // namespace stratify
