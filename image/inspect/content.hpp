// What is in a version: its trees (the OS, each service), their packages and files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/ostree.hpp"
#include "platform/sha256.hpp"

namespace stratify::image {

struct InstalledPackage {
  std::string name;
  std::string version;
  std::string architecture;
  std::vector<std::vector<std::string>> depends;  // Pre-Depends and Depends: names, alternatives together
  std::vector<std::string> provides;
};

struct InstalledTree {
  std::string name;                           // "os", "caddy"
  std::string folder;                         // where it lies in the commit: "" for the OS
  std::string digest;                         // of a service's image: "sha256:..."
  std::vector<InstalledPackage> packages;     // sorted by name; empty when the tree has no package database
  std::map<std::string, std::string> owners;  // path in the commit -> package
};

struct Content {
  Sha256 commit;
  std::string version;
  std::vector<InstalledTree> trees;    // the OS first, then the services by name
  std::vector<ostree::Entry> entries;  // every path of the commit
};

// The packages of a dpkg status file (deb-control(5)), sorted by name; those not fully installed are left
// out.
[[nodiscard]] Result<std::vector<InstalledPackage>> parse_status(std::string_view text);

[[nodiscard]] Result<Content> read_content(const ostree::Repository& repository, const Sha256& commit);

// Why a package is there: the shortest way from a package that was asked for to it, following dependencies;
// just the name when it was asked for itself, nothing when no way leads there.
[[nodiscard]] std::vector<std::string> why(const std::vector<InstalledPackage>& packages,
                                           const std::vector<std::string>& asked, const std::string& name);

}  // namespace stratify::image
