#include <algorithm>
#include <deque>
#include <set>

#include "image/inspect/content.hpp"

namespace stratify::image {

namespace {

using Names = std::map<std::string, std::vector<std::string>>;

// Every name a package answers to -> the installed packages that do.
Names answering(const std::vector<InstalledPackage>& packages) {
  Names names;
  for (const auto& package : packages) {
    names[package.name].push_back(package.name);
    for (const auto& provided : package.provides) names[provided].push_back(package.name);
  }
  return names;
}

std::vector<std::string> way_to(const std::string& name,
                                const std::map<std::string, std::string>& reached_from) {
  std::vector<std::string> way{name};
  for (auto at = reached_from.at(name); !at.empty(); at = reached_from.at(at)) way.push_back(at);
  std::ranges::reverse(way);
  return way;
}

}  // namespace

std::vector<std::string> why(const std::vector<InstalledPackage>& packages,
                             const std::vector<std::string>& asked, const std::string& name) {
  const auto names = answering(packages);
  std::map<std::string, std::string> reached_from;  // package -> the one that needs it; "" when asked for
  std::deque<std::string> next;
  const auto reach = [&](const std::string& wanted, const std::string& from) {
    const auto found = names.find(wanted);
    if (found == names.end()) return;
    for (const auto& package : found->second) {
      if (reached_from.emplace(package, from).second) next.push_back(package);
    }
  };
  for (const auto& package : asked) reach(package, "");
  for (; !next.empty() && !reached_from.contains(name); next.pop_front()) {
    const auto package = std::ranges::find(packages, next.front(), &InstalledPackage::name);
    for (const auto& alternatives : package->depends) {
      for (const auto& wanted : alternatives) reach(wanted, package->name);
    }
  }
  return reached_from.contains(name) ? way_to(name, reached_from) : std::vector<std::string>();
}

}  // namespace stratify::image
