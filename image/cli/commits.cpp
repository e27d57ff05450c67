#include "image/cli/commits.hpp"

#include <format>

#include "image/manifest.hpp"
#include "platform/file.hpp"

namespace stratify::image::cli {

namespace fs = std::filesystem;

namespace {

Result<Sha256> commit_of_image(fs::path image) {
  const auto manifest = image.replace_extension(".json");
  const auto text = TRY(read_file(manifest));
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  const auto* const object = error ? nullptr : value.if_object();
  const auto* const commit = object == nullptr ? nullptr : object->if_contains("commit");
  if (commit == nullptr || !commit->is_string()) {
    return fail(Category::kInvalidInput, "read", manifest, "it is not the manifest of an image");
  }
  return Sha256::parse(commit->get_string());
}

}  // namespace

fs::path repository_path(const Arguments& arguments) { return arguments.cache() / "repo"; }

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

Result<Sha256> find_commit(const Arguments& arguments, const ostree::Repository& repository,
                           const std::optional<std::string>& named) {
  if (named) {
    if (auto commit = Sha256::parse(*named)) return commit;
    if (fs::is_regular_file(*named)) return commit_of_image(*named);
  }
  const auto ref = named ? *named : TRY(ref_of(arguments));
  if (auto commit = TRY(repository.resolve(ref))) return *std::move(commit);
  std::string known;
  for (const auto& [name, commit] : TRY(repository.refs("openhaven")))
    known += (known.empty() ? "" : ", ") + name;
  return fail(Category::kNotFound, "find", ref,
              known.empty() ? "no version was built yet; `stratify build` does it"
                            : "what was built is named " + known);
}

}  // namespace stratify::image::cli
