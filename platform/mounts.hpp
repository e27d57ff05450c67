// Mount points of this process's own mount namespace (mount(2), mount_namespaces(7)).
#pragma once

#include <filesystem>

#include "platform/error.hpp"

namespace stratify {

// Mounts the file system at a mount point writable, for this namespace. kPermission without CAP_SYS_ADMIN.
[[nodiscard]] Result<void> make_writable(const std::filesystem::path& mount_point);

}  // namespace stratify
