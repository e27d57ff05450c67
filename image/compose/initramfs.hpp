// The initial RAM file system: made by dracut(8) inside the sandbox, and not made again while what it read is
// the same.
#pragma once

#include <filesystem>
#include <string>

#include "image/compose/tree.hpp"
#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// The one kernel release of a tree ("6.12.38+deb13-amd64"). kNotFound when there is none, kConflict when
// several.
[[nodiscard]] Result<std::string> kernel_release(const ostree::Repository& repository, const Sha256& os);

// The initramfs file for the OS tree os (with our files, /etc still at /etc). cache is a folder for finished
// ones: each is kept with the checksums of the files of the tree that went into it, and serves every tree in
// which those are equal and the folders that steer dracut are too.
[[nodiscard]] Result<std::filesystem::path> make_initramfs(const ComposeEnvironment& environment,
                                                           const Sha256& os,
                                                           const std::filesystem::path& cache);

}  // namespace stratify::image
