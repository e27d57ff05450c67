#include <format>

#include "image/cli/commits.hpp"
#include "image/cli/image_files.hpp"
#include "image/cli/verb.hpp"
#include "image/lock.hpp"
#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree_signature.hpp"

namespace stratify::image::cli {

namespace fs = std::filesystem;
namespace po = boost::program_options;
namespace json = boost::json;

namespace {

struct Check {
  std::string name;
  Result<std::string> outcome;  // what was seen, or why it failed
};

// The keys one trusts: --keyring, else the development key of this project.
Result<fs::path> keyring(const Arguments& arguments, const fs::path& work) {
  if (const auto given = arguments.text("keyring")) return fs::path(*given);
  const auto home = arguments.output() / "keys/development";
  if (!fs::exists(home)) {
    return fail(Category::kNotFound, "verify with", home,
                "there is no development key; name the trusted keys: --keyring FILE");
  }
  RealProcessRunner runner;
  const auto key = TRY(SigningKey::development(runner, home));
  TRY(write_file(work / "trusted.gpg", key.public_key()));
  return work / "trusted.gpg";
}

Result<std::string> check_signature(const Arguments& arguments, const Sha256& commit) {
  const auto work = TRY(TemporaryFolder::create(arguments.output() / "tmp", "verify"));
  const auto keys = TRY(keyring(arguments, work.path()));
  return "by " + TRY(ostree::verify_signature(repository_path(arguments), commit, keys));
}

Result<std::string> check_lock(const Arguments& arguments, const ostree::Repository& repository,
                               const Sha256& commit) {
  const auto metadata = TRY(repository.metadata_of(commit));
  const auto recorded = metadata.find("openhaven.lock");
  const auto* const text = recorded == metadata.end() ? nullptr : std::get_if<std::string>(&recorded->second);
  if (text == nullptr)
    return fail(Category::kVerification, "verify", commit.hex(), "it does not say of which lock it was made");
  const auto sum = Sha256::of(to_yaml(TRY(load_lock(arguments.lock())))).hex();
  if (*text == sum) return arguments.lock().string();
  return fail(Category::kVerification, "verify", arguments.lock(),
              "the version was made of another lock: " + *text + ", this one is " + sum);
}

Result<std::string> check_objects(const ostree::Repository& repository, const Sha256& commit) {
  TRY(repository.verify(commit));
  return "every object has the checksum it is named by";
}

// The manifest and those of its images that are there.
Result<void> check_named(const Checksums& list, const fs::path& list_path, const fs::path& manifest) {
  auto expected = TRY(load_image_manifest(manifest)).files;
  expected.insert_or_assign(manifest.filename(), TRY(Sha256::of_file(manifest)));
  for (const auto& [name, sum] : expected) {
    const auto file = manifest.parent_path() / name;
    if (fs::exists(file)) TRY(check_listed(list, list_path, file, sum));
  }
  return {};
}

// Every file of the list, and every image there with its manifest is in the list.
Result<std::string> check_images(const fs::path& folder) {
  const auto manifests = image_manifests(folder);
  const auto path = folder / "SHA256SUMS";
  if (manifests.empty() && !fs::exists(path)) return "no images here";
  const auto list = TRY(load_checksums(folder));
  for (const auto& [name, sum] : list)
    TRY(check_listed(list, path, folder / name, TRY(Sha256::of_file(folder / name))));
  for (const auto& manifest : manifests) TRY(check_named(list, path, manifest));
  return std::format("{} files as SHA256SUMS says", list.size());
}

Result<std::string> check_image(const fs::path& image, const Result<Sha256>& sum) {
  const auto path = manifest_of(image);
  const auto manifest = TRY(load_image_manifest(path));
  TRY(check_listed(manifest.files, path, image, TRY(sum)));
  return image.filename().string() + " as " + path.filename().string() + " says";
}

// SHA256SUMS beside an image has to name the image and the manifest that tells its commit; what else it names
// may be elsewhere.
Result<std::string> check_list(const fs::path& image, const Result<Sha256>& sum) {
  const auto folder = image.parent_path();
  const auto list = TRY(load_checksums(folder));
  const auto path = folder / "SHA256SUMS";
  TRY(check_listed(list, path, image, TRY(sum)));
  TRY(check_listed(list, path, manifest_of(image), TRY(Sha256::of_file(manifest_of(image)))));
  return "image and manifest as SHA256SUMS says";
}

// All checks are made, so that one failure does not hide another; the first one's category decides.
Result<void> conclude(const Arguments& arguments, const Sha256& commit, const std::vector<Check>& checks) {
  std::string text = "commit " + commit.hex() + "\n";
  json::array list;
  std::optional<Error> failed;
  for (const auto& [name, outcome] : checks) {
    const auto detail = outcome ? *outcome : outcome.error().message();
    text += std::format("  {:<6}  {:<10} {}\n", outcome ? "ok" : "FAILED", name, detail);
    list.push_back({{"check", name}, {"ok", outcome.has_value()}, {"detail", detail}});
    if (!outcome) failed = failed ? failed->and_then_failed(outcome.error()) : outcome.error();
  }
  arguments.result(text, {{"commit", commit.hex()}, {"ok", !failed}, {"checks", list}});
  if (failed) return std::unexpected(*failed);
  return {};
}

Result<void> run_verify(const Arguments& arguments) {
  const auto repository = TRY(open_repository(arguments));
  const auto operands = arguments.operands();
  const auto named = operands.empty() ? std::nullopt : std::optional(operands.front());
  const auto commit = TRY(find_commit(arguments, repository, named));
  std::vector<Check> checks;
  checks.push_back({"signature", check_signature(arguments, commit)});
  checks.push_back({"lock", check_lock(arguments, repository, commit)});
  checks.push_back({"objects", check_objects(repository, commit)});
  if (const auto image = image_named(named)) {
    const auto sum = Sha256::of_file(*image);
    checks.push_back({"image", check_image(*image, sum)});
    checks.push_back({"images", check_list(*image, sum)});
  } else {
    checks.push_back({"images", check_images(arguments.output())});
  }
  return conclude(arguments, commit, checks);
}

}  // namespace

Verb verify_verb() {
  Verb verb{
      .name = "verify",
      .summary = "check signature, lock and checksums of a version",
      .operands = "[VERSION]",
      .description =
          "Checks that VERSION (a ref, a commit's checksum or an image file; default: what was built "
          "last) is signed by a trusted key, was made of the lock beside the manifest, and that every "
          "object it consists of is undamaged. Every check is made; each that fails is named, and the "
          "exit code is 3, or 4 when something is not there.\n\n"
          "Of an image file it also reads every byte: its checksum has to be the one that the manifest "
          "beside it (the same name with .json) and SHA256SUMS beside it say, and the manifest's the one "
          "that SHA256SUMS says. Otherwise all images in the output folder have to be named in SHA256SUMS "
          "there and have the checksums it says. A list that is missing or empty is a failure.\n\n"
          "SHA256SUMS is not signed: who replaces image, manifest and list together is not noticed. "
          "Compare the list with one that you got another way.",
      .examples = {{"stratify verify", "checks what was built last, against the development key"},
                   {"stratify verify out/openhaven-0.1.0-amd64.raw",
                    "checks this file and the version it holds"},
                   {"stratify verify --keyring release.gpg",
                    "as the first, trusting only the keys in that file"}},
      .files = {{"out/keys/development", "the development key, trusted unless --keyring is given"},
                {"out/<image>.json", "the manifest of an image: its commit and the checksums of its files"},
                {"out/SHA256SUMS", "the checksums of the images"}},
      .run = run_verify};
  verb.options.add_options()("keyring", po::value<std::string>()->value_name("FILE"),
                             "trust the OpenPGP public keys in FILE (binary, as gpg --export writes them)");
  return verb;
}

}  // namespace stratify::image::cli
