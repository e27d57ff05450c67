// Folders that somebody else may write to, a container for one: reached without following a link on the way.
#pragma once

#include <filesystem>
#include <string>

#include "platform/error.hpp"
#include "platform/file.hpp"

namespace stratify {

// The folder at root/path. Root is trusted; below it nothing may be a link, nor "..".
[[nodiscard]] Result<Descriptor> open_folder_beneath(const std::filesystem::path& root,
                                                     const std::filesystem::path& path);

// The whole of a regular file at root/path, reached the same way; kInvalidInput when it is something else,
// such as a pipe that would keep the reader waiting, or larger than limit bytes.
[[nodiscard]] Result<std::string> read_file_beneath(const std::filesystem::path& root,
                                                    const std::filesystem::path& path, std::size_t limit);

// A path that leads to what is held open, whatever happens to its name (proc_pid_fd(5)).
[[nodiscard]] std::filesystem::path path_of(const Descriptor& descriptor);

}  // namespace stratify
