#include "image/cli/inputs.hpp"

#include <cstdlib>

#include "image/downgrades.hpp"

namespace stratify::image::cli {

namespace {

boost::json::object to_json(const LockedPackage& package) {
  return {{"name", package.name},
          {"version", package.version},
          {"images", boost::json::value_from(package.images)}};
}

boost::json::array to_json(const std::vector<LockedPackage>& packages) {
  boost::json::array result;
  for (const auto& package : packages) result.push_back(to_json(package));
  return result;
}

}  // namespace

Result<Mirror> find_mirror(const Arguments& arguments) {
  auto wish = arguments.text("mirror");
  const char* variable = std::getenv("MIRROR");
  if (!wish && variable != nullptr && *variable != '\0') wish = variable;
  return Mirror::find(wish, "/etc/apt");
}

Result<void> check_current(const Lock& lock, const Lock& anew, const std::filesystem::path& path) {
  const auto difference = diff_locks(lock, anew);
  if (difference.empty() && lock.request == anew.request) return {};
  return fail(
      Category::kVerification, "", path,
      "out of date; `stratify lock` renews it:\n" + to_text(difference) + warning_of(downgrades(lock, anew)));
}

std::string warning_of(const std::vector<ChangedPackage>& downgrades) {
  if (downgrades.empty()) return {};
  return "LOWER than before: " + names_of(downgrades) +
         "\nThe mirror is outdated or not honest, unless you know why. Do not commit this unreviewed.\n";
}

boost::json::array to_json(const std::vector<ChangedPackage>& packages) {
  boost::json::array result;
  for (const auto& [from, to] : packages)
    result.push_back({{"before", to_json(from)}, {"after", to_json(to)}});
  return result;
}

boost::json::object to_json(const LockDifference& difference) {
  return {{"added", to_json(difference.added)},
          {"removed", to_json(difference.removed)},
          {"changed", to_json(difference.changed)}};
}

}  // namespace stratify::image::cli
