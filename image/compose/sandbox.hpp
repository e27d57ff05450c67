// A tree as the whole world of a process: its root folder, no network, no other process, nothing of the host.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/process.hpp"

namespace stratify::image {

struct Sandbox {
  std::filesystem::path root;    // becomes "/", writable
  std::int64_t source_date = 0;  // SOURCE_DATE_EPOCH inside, so that what scripts date is reproducible
  std::chrono::seconds timeout{900};
};

// The command that runs arguments inside (bwrap(1)). It stays root with all capabilities of our own user
// namespace, because maintainer scripts change owners.
[[nodiscard]] Command in_sandbox(const Sandbox& sandbox, std::vector<std::string> arguments);

}  // namespace stratify::image
