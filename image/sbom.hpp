// The software bill of materials of a version: SPDX 2.3 as JSON (ISO/IEC 5962,
// spdx.github.io/spdx-spec/v2.3).
#pragma once

#include <cstdint>
#include <string>

#include "image/lock.hpp"

namespace stratify::image {

struct SbomOptions {
  std::string name;          // "openhaven-core"
  std::string version;       // "0.1.0"
  std::int64_t created = 0;  // seconds since the epoch
};

// One SPDX package for each locked package, contained in the trees that have it. The same lock gives the same
// text.
[[nodiscard]] std::string sbom(const Lock& lock, const SbomOptions& options);

}  // namespace stratify::image
