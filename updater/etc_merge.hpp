// What will become of /etc. libostree merges three sides when a version is switched to
// (ostree-admin-deploy(1)): whatever the owner changed stays, whole files at a time, and everything else is
// the new version's. It gives up where a path is a folder on one side and a file on the other; so that is
// looked for before.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::updater {

struct EtcMerge {
  std::vector<std::string> clashes;  // paths that cannot be merged: "/etc/caddy"
  std::vector<std::string> kept;     // the owner's, although the new version brings another content
};

// etc: the running /etc; defaults: the running version's /usr/etc; commit: the new version.
[[nodiscard]] Result<EtcMerge> foresee_etc_merge(const std::filesystem::path& etc,
                                                 const std::filesystem::path& defaults,
                                                 const ostree::Repository& repository, const Sha256& commit);

}  // namespace stratify::updater
