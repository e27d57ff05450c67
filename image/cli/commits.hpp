// Naming a version on the command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "image/cli/verb.hpp"
#include "platform/ostree.hpp"

namespace stratify::image::cli {

[[nodiscard]] std::filesystem::path repository_path(const Arguments& arguments);

// The repository of the cache; kNotFound says how to make one.
[[nodiscard]] Result<ostree::Repository> open_repository(const Arguments& arguments);

// A commit's checksum, a ref, or an image (its manifest *.json beside it says the commit); nothing named:
// what was built last.
[[nodiscard]] Result<Sha256> find_commit(const Arguments& arguments, const ostree::Repository& repository,
                                         const std::optional<std::string>& named);

// "openhaven/amd64/core", by the manifest.
[[nodiscard]] Result<std::string> ref_of(const Arguments& arguments);

}  // namespace stratify::image::cli
