#include "platform/btrfs.hpp"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
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
  if (name.size() > BTRFS_PATH_NAME_MAX) return errno_error("create subvolume", path, ENAMETOOLONG);
  std::memcpy(arguments.name, name.c_str(), name.size() + 1);
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

}  // namespace stratify
