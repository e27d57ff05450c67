#include <algorithm>
#include <format>

#include "image/cli/commits.hpp"
#include "image/cli/verb.hpp"
#include "image/inspect/difference.hpp"
#include "platform/ostree_publish.hpp"
#include "platform/ostree_transfer.hpp"

namespace stratify::image::cli {

namespace po = boost::program_options;
namespace json = boost::json;

namespace {

std::string_view word_for(FileChange change) {
  switch (change) {
    case FileChange::kAdded:
      return "+";
    case FileChange::kRemoved:
      return "-";
    case FileChange::kContent:
      return "~";
    case FileChange::kAttributes:
      return "m";
  }
  return "";
}

std::string line_of(const PackageChange& change) {
  if (change.before.empty()) return std::format("+ {} {} ({})\n", change.name, change.after, change.tree);
  if (change.after.empty()) return std::format("- {} {} ({})\n", change.name, change.before, change.tree);
  return std::format("~ {} {} -> {} ({})\n", change.name, change.before, change.after, change.tree);
}

struct Update {
  ostree::Transfer transfer;
  std::uint64_t delta_bytes = 0;  // of the published static delta; 0 when there is none
};

json::object to_json(const VersionDifference& difference, const Update& update) {
  json::array packages;
  for (const auto& change : difference.packages) {
    packages.push_back(
        {{"tree", change.tree}, {"name", change.name}, {"before", change.before}, {"after", change.after}});
  }
  json::array files;
  for (const auto& file : difference.files)
    files.push_back({{"path", file.path}, {"change", word_for(file.change)}});
  return {{"packages", packages},
          {"files", files},
          {"update",
           {{"objects", update.transfer.objects},
            {"bytes", update.transfer.bytes},
            {"delta_bytes", update.delta_bytes}}}};
}

std::string to_text(const VersionDifference& difference, const Update& update, bool with_files) {
  std::string text;
  for (const auto& change : difference.packages) text += line_of(change);
  if (with_files) {
    for (const auto& file : difference.files)
      text += std::format("{} {}\n", word_for(file.change), file.path);
  }
  const auto count = [&](FileChange change) {
    return std::ranges::count(difference.files, change, &ChangedFile::change);
  };
  text += std::format(
      "files: {} new, {} gone, {} changed, {} with other attributes\n"
      "an update fetches {} in {} objects\n",
      count(FileChange::kAdded), count(FileChange::kRemoved), count(FileChange::kContent),
      count(FileChange::kAttributes), amount(update.transfer.bytes, Unit::kBytes), update.transfer.objects);
  if (update.delta_bytes > 0)
    text += std::format("with the published static delta {}\n", amount(update.delta_bytes, Unit::kBytes));
  return text;
}

Result<void> run_diff(const Arguments& arguments) {
  const auto operands = arguments.operands();
  if (operands.empty() || operands.size() > 2) {
    return fail(Category::kInvalidInput, "", "diff",
                "expected one or two versions; `stratify diff --help` explains");
  }
  const auto repository = TRY(open_repository(arguments));
  const auto before = TRY(find_commit(arguments, repository, operands[0]));
  const auto after = TRY(
      find_commit(arguments, repository, operands.size() == 2 ? std::optional(operands[1]) : std::nullopt));
  const auto difference =
      difference_between(TRY(read_content(repository, before)), TRY(read_content(repository, after)));
  const Update update{
      .transfer = TRY(ostree::transfer_between(repository_path(arguments), before, after)),
      .delta_bytes = ostree::delta_bytes(published_folder(arguments, "published") / "repo", before, after)};
  arguments.result(to_text(difference, update, arguments.flag("files")), to_json(difference, update));
  return {};
}

}  // namespace

Verb diff_verb() {
  Verb verb{
      .name = "diff",
      .summary = "show what changes from one version to another",
      .operands = "BEFORE [AFTER]",
      .description =
          "Lists packages that come (+), go (-) or change (~), counts the files that do, and says what a "
          "machine with "
          "BEFORE fetches to become AFTER: the objects it is missing, compressed as a server keeps them. A "
          "file that the OS and service images share counts once, because it travels once. Where a static "
          "delta "
          "was published, its size is said too.\n\n"
          "A version is a ref, a commit's checksum or an image file. AFTER is what was built last unless it "
          "is given.",
      .examples = {{"stratify diff out/openhaven-0.1.0-amd64.raw", "from that image to what was built last"},
                   {"stratify diff --files BEFORE AFTER", "with every path"}},
      .files = {{"out/cache/repo", "the repository that holds the versions"},
                {"out/publish/repo", "the static deltas that were published"}},
      .run = run_diff};
  verb.options.add_options()(
      "files", po::bool_switch(),
      "list every path: + new, - gone, ~ other content, m other owner, mode or attributes");
  verb.options.add_options()("published", po::value<std::string>()->value_name("DIR"),
                             "the folder that was published to; default: publish in the output folder");
  return verb;
}

}  // namespace stratify::image::cli
