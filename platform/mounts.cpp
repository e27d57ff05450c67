#include "platform/mounts.hpp"

#include <sys/mount.h>

namespace stratify {

Result<void> make_writable(const std::filesystem::path& mount_point) {
  if (::mount(nullptr, mount_point.c_str(), nullptr, MS_REMOUNT | MS_SILENT, nullptr) != 0)
    return errno_error("make writable", mount_point);
  return {};
}

}  // namespace stratify
