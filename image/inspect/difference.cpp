#include "image/inspect/difference.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace stratify::image {

namespace {

// (tree, package) -> version
using Versions = std::map<std::pair<std::string, std::string>, std::string>;

Versions versions_of(const Content& content) {
  Versions versions;
  for (const auto& tree : content.trees) {
    for (const auto& package : tree.packages) versions[{tree.name, package.name}] = package.version;
  }
  return versions;
}

std::vector<PackageChange> changed_packages(const Versions& before, const Versions& after) {
  std::map<std::pair<std::string, std::string>, PackageChange> changes;
  for (const auto& [key, version] : before) changes[key].before = version;
  for (const auto& [key, version] : after) changes[key].after = version;
  std::vector<PackageChange> result;
  for (auto& [key, change] : changes) {
    if (change.before == change.after) continue;
    std::tie(change.tree, change.name) = key;
    result.push_back(std::move(change));
  }
  return result;
}

// The content is compared by the object's checksum, which covers the attributes too; so a difference that the
// size, the link target and the attributes do not show is one of content.
FileChange kind_of(const ostree::Entry& before, const ostree::Entry& after) {
  const bool same_shape =
      before.kind == after.kind && before.size == after.size && before.target == after.target;
  return same_shape && before.attributes != after.attributes ? FileChange::kAttributes : FileChange::kContent;
}

}  // namespace

VersionDifference difference_between(const Content& before, const Content& after) {
  VersionDifference difference{.packages = changed_packages(versions_of(before), versions_of(after))};
  std::map<std::string, const ostree::Entry*> old;
  for (const auto& entry : before.entries) old[entry.path] = &entry;
  for (const auto& entry : after.entries) {
    const auto found = old.find(entry.path);
    if (found == old.end()) {
      difference.files.push_back({entry.path, FileChange::kAdded});
    } else {
      if (found->second->checksum != entry.checksum || found->second->kind != entry.kind) {
        difference.files.push_back({entry.path, kind_of(*found->second, entry)});
      }
      old.erase(found);
    }
  }
  for (const auto& [path, entry] : old) difference.files.push_back({path, FileChange::kRemoved});
  std::ranges::sort(difference.files, {}, &ChangedFile::path);
  return difference;
}

}  // namespace stratify::image
