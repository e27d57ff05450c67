// What changes from one version to another.
#pragma once

#include <string>
#include <vector>

#include "image/inspect/content.hpp"

namespace stratify::image {

struct PackageChange {
  std::string tree;
  std::string name;
  std::string before;  // version; empty when the package is new
  std::string after;   // version; empty when it is gone
  friend bool operator==(const PackageChange&, const PackageChange&) = default;
};

enum class FileChange { kAdded, kRemoved, kContent, kAttributes };

struct ChangedFile {
  std::string path;
  FileChange change;
  friend bool operator==(const ChangedFile&, const ChangedFile&) = default;
};

struct VersionDifference {
  std::vector<PackageChange> packages;  // by tree, then name
  std::vector<ChangedFile> files;  // by path; folders only when their attributes differ or they come or go
};

[[nodiscard]] VersionDifference difference_between(const Content& before, const Content& after);

}  // namespace stratify::image
