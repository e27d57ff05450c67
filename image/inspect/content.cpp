#include "image/inspect/content.hpp"

#include <algorithm>
#include <format>
#include <ranges>

#include <boost/json.hpp>

#include "image/control.hpp"

namespace stratify::image {

namespace json = boost::json;

namespace {

constexpr std::string_view kStore = "/usr/lib/containers/storage";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// "libc6:any (>= 2.36)" -> "libc6"
std::string package_name(std::string_view relation) {
  relation = trimmed(relation);
  return std::string(relation.substr(0, relation.find_first_of(" \t\n(:[")));
}

std::vector<std::vector<std::string>> relations(std::string_view field) {
  std::vector<std::vector<std::string>> result;
  for (const auto group : std::views::split(field, ',')) {
    std::vector<std::string> alternatives;
    for (const auto one : std::views::split(std::string_view(group), '|')) {
      if (auto name = package_name(std::string_view(one)); !name.empty())
        alternatives.push_back(std::move(name));
    }
    if (!alternatives.empty()) result.push_back(std::move(alternatives));
  }
  return result;
}

InstalledPackage package_of(const Control& control) {
  InstalledPackage package{.name = std::string(control.package()),
                           .version = std::string(control.version()),
                           .architecture = std::string(control.architecture()),
                           .depends = relations(control.field("Pre-Depends"))};
  std::ranges::move(relations(control.field("Depends")), std::back_inserter(package.depends));
  for (auto& provided : relations(control.field("Provides")))
    package.provides.push_back(std::move(provided.front()));
  return package;
}

// Where a path of a package's list lies in the commit: /bin and its like are links into /usr, /etc of the OS
// is kept in /usr/etc.
std::string place_of(const InstalledTree& tree, std::string_view path) {
  constexpr std::string_view kMerged[] = {"/bin/", "/sbin/", "/lib/", "/lib64/"};
  const bool merged =
      std::ranges::any_of(kMerged, [&](std::string_view folder) { return path.starts_with(folder); });
  const bool etc = tree.folder.empty() && path.starts_with("/etc/");
  return std::format("{}{}{}", tree.folder, merged || etc ? "/usr" : "", path);
}

Result<void> read_owners(const ostree::Repository& repository, const Sha256& commit,
                         const std::string& database, InstalledTree& tree) {
  for (const auto& file : TRY(repository.list(commit, database + "/info"))) {
    if (!file.path.ends_with(".list")) continue;
    auto package = file.path.substr(1, file.path.size() - 6);
    package = package.substr(0, package.find(':'));
    const auto list = TRY(repository.read_file(commit, database + "/info" + file.path));
    for (const auto line : std::views::split(list, '\n')) {
      if (!line.empty()) tree.owners.emplace(place_of(tree, std::string_view(line)), package);
    }
  }
  return {};
}

Result<void> read_packages(const ostree::Repository& repository, const Sha256& commit, InstalledTree& tree) {
  const std::string database =
      tree.folder + (tree.folder.empty() ? "/usr/lib/sysimage/dpkg" : "/var/lib/dpkg");
  const auto status = repository.read_file(commit, database + "/status");
  if (!status && status.error().category() == Category::kNotFound) return {};
  tree.packages = TRY(parse_status(TRY(status)));
  if (TRY(repository.find(commit, database + "/info")))
    return read_owners(repository, commit, database, tree);
  return {};
}

// "localhost/openhaven/caddy:0.1.0" -> "caddy"
std::string service_name(std::string_view reference) {
  const auto name = reference.substr(reference.rfind('/') + 1);
  return std::string(name.substr(0, name.find(':')));
}

Result<std::vector<InstalledTree>> services_of(const ostree::Repository& repository, const Sha256& commit) {
  const auto path = std::format("{}/overlay-images/images.json", kStore);
  const auto text = repository.read_file(commit, path);
  if (!text && text.error().category() == Category::kNotFound) return std::vector<InstalledTree>();
  std::vector<InstalledTree> trees;
  try {
    const auto images = json::parse(TRY(text));
    for (const auto& image : images.as_array()) {
      const auto name = json::value_to<std::string>(image.at("names").at(0));
      trees.push_back({.name = service_name(name),
                       .folder = std::format("{}/overlay/{}/diff", kStore,
                                             json::value_to<std::string>(image.at("layer"))),
                       .digest = json::value_to<std::string>(image.at("digest"))});
    }
  } catch (const std::exception& error) {
    return fail(Category::kInvalidInput, "read", path, error.what());
  }
  std::ranges::sort(trees, {}, &InstalledTree::name);
  return trees;
}

}  // namespace

Result<std::vector<InstalledPackage>> parse_status(std::string_view text) {
  std::vector<InstalledPackage> packages;
  for (const auto part : std::views::split(text, std::string_view("\n\n"))) {
    const auto paragraph = std::string(trimmed(std::string_view(part)));
    if (paragraph.empty()) continue;
    const auto control = TRY(Control::parse(paragraph + "\n"));
    if (control.field("Status").ends_with(" installed")) packages.push_back(package_of(control));
  }
  std::ranges::sort(packages, {}, &InstalledPackage::name);
  return packages;
}

Result<Content> read_content(const ostree::Repository& repository, const Sha256& commit) {
  Content content{.commit = commit, .entries = TRY(repository.list(commit))};
  const auto metadata = TRY(repository.metadata_of(commit));
  if (const auto version = metadata.find("version"); version != metadata.end()) {
    if (const auto* text = std::get_if<std::string>(&version->second)) content.version = *text;
  }
  content.trees.push_back({.name = "os"});
  std::ranges::move(TRY(services_of(repository, commit)), std::back_inserter(content.trees));
  for (auto& tree : content.trees) TRY(read_packages(repository, commit, tree));
  return content;
}

}  // namespace stratify::image
