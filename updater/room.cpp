#include "updater/room.hpp"

#include <sys/statvfs.h>

#include <format>
#include <limits>

namespace stratify::updater {

namespace {

std::uint64_t mebibytes(std::uint64_t bytes) { return (bytes + (1U << 20U) - 1) >> 20U; }

}  // namespace

Result<Room> room_at(const std::filesystem::path& path) {
  struct statvfs about{};
  if (::statvfs(path.c_str(), &about) != 0) return errno_error("look at the room in", path);
  const auto used = about.f_blocks - about.f_bfree;
  const auto usable = used + about.f_bavail;
  return Room{.bytes = about.f_bavail * about.f_frsize,
              // btrfs makes inodes as it needs them and says 0.
              .inodes = about.f_files == 0 ? std::numeric_limits<std::uint64_t>::max() : about.f_favail,
              .used_percent = usable == 0 ? 0 : static_cast<unsigned>(used * 100 / usable)};
}

Result<void> check_room(const std::filesystem::path& path, const Room& room, std::uint64_t bytes,
                        std::uint64_t inodes) {
  if (room.bytes < bytes) {
    return fail(
        Category::kNoSpace, "update in", path,
        std::format("the update needs {} MiB and there are {}; delete what you can do without, such as "
                    "data of a failed version (haven status lists it), or give the machine a larger disk",
                    mebibytes(bytes), room.bytes >> 20U));
  }
  if (room.inodes < inodes) {
    return fail(
        Category::kNoSpace, "update in", path,
        std::format("the update makes {} files and the file system has room for {} (inodes); delete small "
                    "files that you can do without",
                    inodes, room.inodes));
  }
  return {};
}

}  // namespace stratify::updater
