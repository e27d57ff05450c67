// From what a manifest asks for to what exactly will be used.
#pragma once

#include <filesystem>

#include "image/lock.hpp"
#include "image/manifest.hpp"
#include "image/mirror.hpp"
#include "image/progress.hpp"

namespace stratify::image {

// Resolves the OS and every service each as a closure of its own, from signed indexes. State is kept in
// folder. Errors as those of apt::Archive, led by the tree they concern.
[[nodiscard]] Result<Lock> resolve(const Manifest& manifest, const Mirror& mirror,
                                   const std::filesystem::path& folder, Progress& progress);

}  // namespace stratify::image
