// The tree of one image: packages united, configured by their own maintainer scripts, and freed of what only
// that needed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "image/lock.hpp"
#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/ostree.hpp"
#include "platform/process.hpp"

namespace stratify::image {

// What every step of composing needs. The repository must not be shared with another thread; open one for
// each.
struct ComposeEnvironment {
  const ostree::Repository& repository;
  ProcessRunner& runner;
  std::filesystem::path work;  // scratch folder on the file system of the repository
  std::function<void(std::string_view step)> on_step = [](std::string_view) {};  // what begins
  std::function<void(std::size_t more)> on_packages = [](std::size_t) {};  // so many more are configured
};

// The date maintainer scripts see. Fixed, because only shadow(5)'s "last changed" and byte code headers
// depend on it: a date of the lock would compose everything anew for nothing.
inline constexpr std::int64_t kSourceDate = 1754697600;  // 2025-08-09, the release of Debian 13

// The ref under which the composed tree of these packages and this recipe is, or will be, kept:
// "tree/<name>/<key>".
[[nodiscard]] std::string tree_ref(const TreeRecipe& recipe, const std::vector<LockedPackage>& packages);

// The commit of the composed tree: found by its ref, or made. Every package must have been unpacked
// (unpack_all). kCommandFailed carries the end of the failing script's output; kConflict names two packages
// with one path.
[[nodiscard]] Result<Sha256> compose_tree(const ComposeEnvironment& environment, const TreeRecipe& recipe,
                                          const std::vector<LockedPackage>& packages);

// True when the last pattern that matches path does not exclude it. Patterns: "*" within one name, "**"
// across folders;
// "!" in front keeps what an earlier pattern excluded.
[[nodiscard]] bool is_kept(const std::vector<std::string>& exclude, std::string_view path);

}  // namespace stratify::image
