// A version: one signed OSTree commit of the OS, our files and the embedded service images.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image/compose/container_store.hpp"
#include "image/compose/files.hpp"
#include "image/compose/tree.hpp"
#include "image/lock.hpp"
#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/openpgp.hpp"

namespace stratify::image {

struct VersionOptions {
  FileOrigins origins;
  std::filesystem::path cache;   // folder for initramfs images and scratch
  std::int64_t source_date = 0;  // seconds since the epoch: dates the commit
  std::string source;            // revision the build was made from; empty when unknown
  unsigned threads = 2;          // trees composed at a time
};

struct Version {
  std::string ref;  // "openhaven/amd64/core"
  Sha256 commit;
  std::vector<StoredImage> images;
  std::string sbom;
};

// Composes every tree of the manifest and commits the version on its ref, signed with key. Equal inputs give
// an equal commit, whenever and wherever this runs.
[[nodiscard]] Result<Version> make_version(const ComposeEnvironment& environment, const Manifest& manifest,
                                           const Lock& lock, const SigningKey& key,
                                           const VersionOptions& options);

}  // namespace stratify::image
