// Our own files laid over a tree.
#pragma once

#include <filesystem>
#include <vector>

#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// Where the sources of file rules are.
struct FileOrigins {
  std::filesystem::path project;  // rules without a prefix
  std::filesystem::path build;    // rules that begin with "build:"
};

// Lays the files of all rules over tree, later rules over earlier ones. They belong to root; 0755 when
// executable, 0644 otherwise; symbolic links stay links. kNotFound names a rule whose source does not exist.
[[nodiscard]] Result<void> lay_files(ostree::Transaction& transaction, ostree::Tree& tree,
                                     const FileOrigins& origins, const std::vector<FileRule>& rules);

}  // namespace stratify::image
