// Locked packages into the cache.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "image/lock.hpp"
#include "image/mirror.hpp"
#include "image/progress.hpp"
#include "platform/download.hpp"

namespace stratify::image {

// Where a package is kept: <cache>/debs/<sha256>.deb.
[[nodiscard]] std::filesystem::path deb_path(const std::filesystem::path& cache, const Sha256& sha256);

struct FetchOptions {
  std::filesystem::path cache;
  DownloadOptions download;
};

// Makes every package present with exactly the locked content: those that are there are read and checked, a
// wrong one is named, removed and fetched anew. After an error what came in full stays. When packages left
// the mirror, and nothing else went wrong, the error is kNotFound and names them all; otherwise it is the
// first failure.
[[nodiscard]] Result<void> fetch(const std::vector<LockedPackage>& packages, const Mirror& mirror,
                                 const FetchOptions& options, Progress& progress);

}  // namespace stratify::image
