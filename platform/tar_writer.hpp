// A folder as one tar archive (pax), written as a stream: nothing of it is kept in memory or on disk.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "platform/error.hpp"

namespace stratify {

// Takes the next piece of the archive; false when nobody wants more.
using ByteSink = std::function<bool(std::string_view)>;

// Everything below folder, with owners, permissions, times and extended attributes, under names that begin
// with the folder's own. Links are kept as links. What vanishes meanwhile, or cannot be read, is left out:
// some of it is better than nothing. kUnavailable when the sink wants no more; kNotFound, kPermission and kIo
// when the folder cannot be read at all.
[[nodiscard]] Result<void> write_tar(const std::filesystem::path& folder, const ByteSink& sink);

}  // namespace stratify
