#include "image/downgrades.hpp"

#include <algorithm>
#include <format>

#include "platform/apt.hpp"

namespace stratify::image {

namespace {

bool share_a_tree(const LockedPackage& one, const LockedPackage& other) {
  return std::ranges::find_first_of(one.images, other.images) != one.images.end();
}

// What the package is compared with.
std::vector<LockedPackage> predecessors(const Lock& before, const LockedPackage& package) {
  std::vector<LockedPackage> named;
  std::ranges::copy_if(before.packages, std::back_inserter(named),
                       [&](const auto& old) { return old.name == package.name; });
  std::vector<LockedPackage> of_its_trees;
  std::ranges::copy_if(named, std::back_inserter(of_its_trees),
                       [&](const auto& old) { return share_a_tree(old, package); });
  return of_its_trees.empty() ? named : of_its_trees;
}

}  // namespace

std::vector<ChangedPackage> downgrades(const Lock& before, const Lock& after) {
  std::vector<ChangedPackage> result;
  for (const auto& package : after.packages) {
    const auto old = predecessors(before, package);
    const auto newer = std::ranges::find_if(
        old, [&](const auto& one) { return apt::compare_versions(one.version, package.version) > 0; });
    if (newer != old.end()) result.push_back({*newer, package});
  }
  return result;
}

std::string names_of(const std::vector<ChangedPackage>& downgrades) {
  std::string text;
  for (const auto& [from, to] : downgrades)
    text += std::format("{}{} {} -> {}", text.empty() ? "" : ", ", to.name, from.version, to.version);
  return text;
}

}  // namespace stratify::image
