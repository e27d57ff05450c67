// dpkg's database (dpkg(1), deb-triggers(5)) written straight into a tree, as if dpkg had unpacked the
// packages.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// One package as the unpack step left it: a commit with the folders data/ and control/.
struct UnpackedPackage {
  std::string name;
  Sha256 commit;
  std::string control;  // the control file (deb-control(5))

  // The package's name in dpkg's info folder: with ":arch" when several architectures may be installed side
  // by side.
  [[nodiscard]] std::string info_name() const;
};

// Value of a field of a control paragraph, continuation lines included; empty when there is none.
[[nodiscard]] std::string control_field(std::string_view paragraph, std::string_view field);

// Writes /var/lib/dpkg: status (every package "unpacked"), info/ and the triggers packages are interested in.
// The tree must hold the packages' files already, because conffiles are recorded with their checksum.
[[nodiscard]] Result<void> write_dpkg_database(const ostree::Repository& repository,
                                               ostree::Transaction& transaction, ostree::Tree& tree,
                                               const std::vector<UnpackedPackage>& packages);

// A status file without the paragraphs of the named packages.
[[nodiscard]] std::string without_packages(std::string_view status, const std::set<std::string>& names);

}  // namespace stratify::image
