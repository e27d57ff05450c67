// A composed tree turned into what OSTree deploys: /etc to /usr/etc, an empty /var that tmpfiles make again,
// kernel and initramfs where libostree finds them, no identity inside.
#pragma once

#include <filesystem>
#include <string>

#include "image/compose/tree.hpp"
#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// Takes the composed OS tree with our files (as a commit) and its initramfs; returns the tree to commit.
// Presets are applied and the users of sysusers.d(5) made, so that nothing of that is left to the first boot.
[[nodiscard]] Result<ostree::Tree> finish_operating_system(const ComposeEnvironment& environment,
                                                           ostree::Transaction& transaction, const Sha256& os,
                                                           const std::filesystem::path& initramfs);

// The tmpfiles.d(5) lines that make the content of a tree's /var again; lines for paths that already has are
// left out. Regular files are copied from /usr/share/factory (tmpfiles' own place for them).
[[nodiscard]] std::string var_tmpfiles(const std::vector<ostree::Entry>& var, const std::string& already);

}  // namespace stratify::image
