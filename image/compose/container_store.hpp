// Service trees as one-layer images in a read-only containers-storage (github.com/containers/storage, driver
// overlay) inside the OS tree. Layers are folders of the tree, so their files are the same objects as the
// OS's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

struct ServiceTree {
  ServiceRecipe recipe;
  Sha256 commit;  // of the composed tree with our files
};

struct StoredImage {
  std::string name;       // "caddy"
  std::string reference;  // "localhost/openhaven/caddy"
  std::string digest;     // "sha256:..." of the image's manifest: what units pin
};

struct StoreOptions {
  std::string architecture;      // as OCI names it: "amd64"
  std::string version;           // tag of the images
  std::int64_t source_date = 0;  // seconds since the epoch: when the images say they were created
};

// Writes the store to /usr/lib/containers/storage of os, and /usr/lib/openhaven/images.json beside it. The
// layer's diff ID is derived from the tree's OSTree checksum, not from a tar stream that nobody makes
// (docs/decisions/0004-layer-identity.md).
[[nodiscard]] Result<std::vector<StoredImage>> write_container_store(const ostree::Repository& repository,
                                                                     ostree::Transaction& transaction,
                                                                     ostree::Tree& os,
                                                                     const std::vector<ServiceTree>& services,
                                                                     const StoreOptions& options);

}  // namespace stratify::image
