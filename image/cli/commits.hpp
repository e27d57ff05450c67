// Naming a version on the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "image/cli/verb.hpp"
#include "platform/ostree.hpp"

namespace stratify::image::cli {

[[nodiscard]] std::filesystem::path repository_path(const Arguments& arguments);

// The folder of `stratify publish`, named by this option or in its usual place.
[[nodiscard]] std::filesystem::path published_folder(const Arguments& arguments, const std::string& option);

// The repository of the cache; kNotFound says how to make one.
[[nodiscard]] Result<ostree::Repository> open_repository(const Arguments& arguments);

// The image file that is named, if it is one and not a commit's checksum.
[[nodiscard]] std::optional<std::filesystem::path> image_named(const std::optional<std::string>& named);

// A commit's checksum, a ref, or an image; nothing named: what was built last. Of an image only the manifest
// *.json beside it is read: whether the two belong together, `stratify verify` finds out.
[[nodiscard]] Result<Sha256> find_commit(const Arguments& arguments, const ostree::Repository& repository,
                                         const std::optional<std::string>& named);

// "openhaven/amd64/core", by the manifest.
[[nodiscard]] Result<std::string> ref_of(const Arguments& arguments);

}  // namespace stratify::image::cli
