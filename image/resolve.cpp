#include "image/resolve.hpp"

#include <algorithm>
#include <format>
#include <map>
#include <ranges>

#include "platform/apt.hpp"

namespace stratify::image {

namespace {

std::vector<apt::Source> sources_of(const Manifest& manifest, const Mirror& mirror) {
  std::vector<apt::Source> result;
  result.reserve(manifest.suites.size());
  for (const auto& suite : manifest.suites) {
    result.push_back({.suite = suite.name,
                      .archive = suite.archive,
                      .uri = mirror.archive(suite.archive),
                      .components = suite.components,
                      .keyring = suite.keyring,
                      .only = suite.only});
  }
  return result;
}

Result<apt::Archive> open_archive(const Manifest& manifest, const Mirror& mirror,
                                  const std::filesystem::path& folder, Progress& progress) {
  auto step = progress.step("indexes", {.unit = Unit::kBytes});
  auto archive =
      TRY(apt::Archive::open({.folder = folder,
                              .architecture = manifest.architecture,
                              .sources = sources_of(manifest, mirror),
                              .on_progress = [&](auto done, auto total) { step.reach(done, total); }}));
  step.done(std::format("{} suites", manifest.suites.size()));
  return archive;
}

// Packages of several trees, each once. A name in two versions stays two packages.
class Union {
 public:
  void add(const std::string& tree, const std::vector<apt::Package>& packages) {
    for (const auto& package : packages) {
      auto& entry = packages_.try_emplace({package.name, package.version}, locked(package)).first->second;
      entry.images.push_back(tree);
    }
  }

  [[nodiscard]] std::vector<LockedPackage> take() {
    for (auto& [key, package] : packages_) std::ranges::sort(package.images);
    return packages_ | std::views::values | std::views::as_rvalue | std::ranges::to<std::vector>();
  }

 private:
  static LockedPackage locked(const apt::Package& package) {
    return {.name = package.name,
            .version = package.version,
            .architecture = package.architecture,
            .suite = package.suite,
            .archive = package.archive,
            .path = package.path,
            .sha256 = package.sha256,
            .size = package.size,
            .images = {}};
  }

  std::map<std::pair<std::string, std::string>, LockedPackage> packages_;
};

}  // namespace

Result<Lock> resolve(const Manifest& manifest, const Mirror& mirror, const std::filesystem::path& folder,
                     Progress& progress) {
  auto archive = TRY(open_archive(manifest, mirror, folder, progress));
  auto step = progress.step("resolve", {.total = manifest.services.size() + 1});
  Union packages;
  packages.add(manifest.os.name, TRY(archive.closure(manifest.os.name, manifest.os.packages)));
  step.add(1);
  for (const auto& service : manifest.services) {
    packages.add(service.tree.name, TRY(archive.closure(service.tree.name, service.tree.packages)));
    step.add(1);
  }
  Lock lock{.created = archive.date(), .request = request_of(manifest), .packages = packages.take()};
  step.done(std::format("{} packages", lock.packages.size()));
  return lock;
}

}  // namespace stratify::image
