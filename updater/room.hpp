// Whether there is room for a version before the first byte of it comes.
#pragma once

#include <cstdint>
#include <filesystem>

#include "platform/error.hpp"

namespace stratify::updater {

struct Room {
  std::uint64_t bytes = 0;   // that may still be written
  std::uint64_t inodes = 0;  // files that may still be made; the largest number where there is no limit
  unsigned used_percent = 0;
};

// statvfs(3) of the file system a path is on.
[[nodiscard]] Result<Room> room_at(const std::filesystem::path& path);

// What is left for services to write into while an update is under way.
inline constexpr std::uint64_t kReserve = 256U << 20U;

// kNoSpace says how much is missing, where, and what to do.
[[nodiscard]] Result<void> check_room(const std::filesystem::path& path, const Room& room,
                                      std::uint64_t bytes, std::uint64_t inodes);

}  // namespace stratify::updater
