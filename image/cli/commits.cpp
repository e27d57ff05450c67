#include "image/cli/commits.hpp"

#include <format>

#include "image/cli/image_files.hpp"
#include "image/manifest.hpp"

namespace stratify::image::cli {

namespace fs = std::filesystem;

fs::path repository_path(const Arguments& arguments) { return arguments.cache() / "repo"; }

fs::path published_folder(const Arguments& arguments, const std::string& option) {
  return arguments.text(option).value_or(arguments.output() / "publish");
}

Result<ostree::Repository> open_repository(const Arguments& arguments) {
  auto repository = ostree::Repository::open(repository_path(arguments));
  if (!repository && repository.error().category() == Category::kNotFound) {
    return fail(Category::kNotFound, "read", repository_path(arguments),
                "nothing was built yet; `stratify build` does it");
  }
  return repository;
}

Result<std::string> ref_of(const Arguments& arguments) {
  const auto manifest = TRY(load_manifest(arguments.manifest()));
  return std::format("openhaven/{}/{}", manifest.architecture, manifest.name);
}

std::optional<fs::path> image_named(const std::optional<std::string>& named) {
  if (!named || Sha256::parse(*named) || !fs::is_regular_file(*named)) return std::nullopt;
  return fs::path(*named);
}

Result<Sha256> find_commit(const Arguments& arguments, const ostree::Repository& repository,
                           const std::optional<std::string>& named) {
  if (named) {
    if (auto commit = Sha256::parse(*named)) return commit;
  }
  if (const auto image = image_named(named)) return TRY(load_image_manifest(manifest_of(*image))).commit;
  const auto ref = named ? *named : TRY(ref_of(arguments));
  const auto built = TRY(repository.refs("openhaven"));
  if (const auto found = built.find(ref); found != built.end()) return found->second;
  std::string known;
  for (const auto& [name, commit] : built) known += (known.empty() ? "" : ", ") + name;
  return fail(Category::kNotFound, "find", ref,
              known.empty() ? "no version was built yet; `stratify build` does it"
                            : "what was built is named " + known);
}

}  // namespace stratify::image::cli
