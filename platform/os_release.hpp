// What os-release(5) says of the running version.
#pragma once

#include <filesystem>
#include <string>

namespace stratify {

// IMAGE_VERSION, "unknown" without.
[[nodiscard]] std::string running_version(const std::filesystem::path& root = "/");

}  // namespace stratify
