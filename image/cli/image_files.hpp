// The files a version was published as, and what is written beside them: manifest and SHA256SUMS.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::image::cli {

using Checksums = std::map<std::string, Sha256>;  // by file name

struct ImageManifest {
  Sha256 commit;
  Checksums files;
};

// What disk/images.hpp writes as <name>.json. kInvalidInput when it is something else.
[[nodiscard]] Result<ImageManifest> load_image_manifest(const std::filesystem::path& path);

// The manifest beside an image: openhaven-0.1.0-amd64.raw has openhaven-0.1.0-amd64.json.
[[nodiscard]] std::filesystem::path manifest_of(std::filesystem::path image);

// The manifests of images in a folder, sorted.
[[nodiscard]] std::vector<std::filesystem::path> image_manifests(const std::filesystem::path& folder);

// SHA256SUMS of a folder, as sha256sum(1) writes it. kVerification when it is missing, names nothing or has a
// line that is no checksum.
[[nodiscard]] Result<Checksums> load_checksums(const std::filesystem::path& folder);

// kVerification, naming file, expected and found checksum and the list, unless the list has the file with
// this checksum.
[[nodiscard]] Result<void> check_listed(const Checksums& list, const std::filesystem::path& list_path,
                                        const std::filesystem::path& file, const Sha256& found);

}  // namespace stratify::image::cli
