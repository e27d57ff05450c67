// The files a version is published as: disks in each format, their manifest and checksums.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "image/disk/disk.hpp"
#include "platform/error.hpp"
#include "platform/process.hpp"
#include "platform/sha256.hpp"

namespace stratify::image {

enum class QcowCompression {
  kZlib,  // every QEMU and every cloud that takes qcow2 reads it
  kZstd,  // QEMU 5.1 and later; made eight times faster, as small
};

struct ImagesOptions {
  DiskOptions disk;              // its output is set by make_images
  std::filesystem::path folder;  // where the files go
  std::string name;              // what they begin with: "openhaven-0.1.0-amd64"
  std::string version;           // "0.1.0"
  bool qcow2 = true;
  QcowCompression compression = QcowCompression::kZlib;
};

struct ImageFile {
  std::string name;    // "openhaven-0.1.0-amd64.raw"
  std::string format;  // "raw", "qcow2"
  std::uint64_t bytes = 0;
  std::uint64_t stored_bytes = 0;  // what it takes on the disk: holes of a raw image take nothing
  Sha256 sha256;
};

struct Images {
  std::filesystem::path manifest;  // <name>.json
  std::vector<ImageFile> files;
  bool cached = false;  // nothing had to be made
};

// Makes <name>.raw, <name>.qcow2, <name>.json and adds them to SHA256SUMS in the folder. When the manifest
// there says that the same inputs gave files of these sizes, nothing is done. The manifest is written last,
// so a killed build is simply made again.
[[nodiscard]] Result<Images> make_images(ProcessRunner& runner, const ImagesOptions& options);

}  // namespace stratify::image
