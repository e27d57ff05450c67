#include <format>
#include <fstream>
#include <sstream>

#include "image/cli/commits.hpp"
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

Result<void> check_sum(const fs::path& folder, const std::string& line) {
  if (line.size() < 67)
    return fail(Category::kInvalidInput, "read", folder / "SHA256SUMS", "not a checksum line: " + line);
  const auto file = folder / line.substr(66);
  const auto sum = TRY(Sha256::of_file(file)).hex();
  if (sum == line.substr(0, 64)) return {};
  return fail(Category::kVerification, "verify", file,
              "its checksum is " + sum + ", SHA256SUMS says " + line.substr(0, 64));
}

Result<std::string> check_images(const Arguments& arguments) {
  const auto list = arguments.output() / "SHA256SUMS";
  if (!fs::exists(list)) return "no images here";
  std::istringstream lines(TRY(read_file(list)));
  unsigned files = 0;
  for (std::string line; std::getline(lines, line); ++files) TRY(check_sum(arguments.output(), line));
  return std::to_string(files) + " files as SHA256SUMS says";
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
  checks.push_back({"images", check_images(arguments)});
  return conclude(arguments, commit, checks);
}

}  // namespace

Verb verify_verb() {
  Verb verb{.name = "verify",
            .summary = "check signature, lock and checksums of a version",
            .operands = "[VERSION]",
            .description =
                "Checks that VERSION (a ref, a commit's checksum or an image file; default: what was built "
                "last) is signed by a "
                "trusted key, was made of the lock beside the manifest, that every object it consists of is "
                "undamaged, and "
                "that the images in the output folder have the checksums SHA256SUMS says. Every check is "
                "made; each that "
                "fails is named, and the exit code is 3.",
            .examples = {{"stratify verify", "checks what was built last, against the development key"},
                         {"stratify verify --keyring release.gpg",
                          "as the first, trusting only the keys in that file"}},
            .files = {{"out/keys/development", "the development key, trusted unless --keyring is given"},
                      {"out/SHA256SUMS", "the checksums of the images"}},
            .run = run_verify};
  verb.options.add_options()("keyring", po::value<std::string>()->value_name("FILE"),
                             "trust the OpenPGP public keys in FILE (binary, as gpg --export writes them)");
  return verb;
}

}  // namespace stratify::image::cli
