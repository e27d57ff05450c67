#include <algorithm>
#include <format>

#include "image/cli/commits.hpp"
#include "image/cli/verb.hpp"
#include "image/inspect/content.hpp"
#include "image/inspect/sizes.hpp"
#include "image/manifest.hpp"

namespace stratify::image::cli {

namespace po = boost::program_options;
namespace json = boost::json;

namespace {

constexpr std::uint64_t kWorthALine = 1'000'000;  // bytes

json::object to_json(const InstalledTree& tree) {
  json::array packages;
  for (const auto& package : tree.packages) {
    packages.push_back(
        {{"name", package.name}, {"version", package.version}, {"architecture", package.architecture}});
  }
  return {{"name", tree.name}, {"digest", tree.digest}, {"packages", packages}};
}

std::string head(const Content& content, const SizeTable& sizes) {
  return std::format("version  {}\ncommit   {}\nsize     {} in {} paths; each tree by itself would take {}\n",
                     content.version, content.commit.hex(), amount(sizes.bytes, Unit::kBytes),
                     content.entries.size(), amount(sizes.all_bytes, Unit::kBytes));
}

void tell_packages(const Arguments& arguments, const Content& content) {
  const auto sizes = size_table(content);
  auto text = head(content, sizes);
  json::array trees;
  for (const auto& tree : content.trees) {
    text += std::format("\n{}: {} packages{}{}\n", tree.name, tree.packages.size(),
                        tree.digest.empty() ? "" : ", ", tree.digest);
    for (const auto& package : tree.packages) {
      text += std::format("  {:<36} {}\n", package.name, package.version);
    }
    trees.push_back(to_json(tree));
  }
  arguments.result(text, {{"version", content.version},
                          {"commit", content.commit.hex()},
                          {"bytes", sizes.bytes},
                          {"all_bytes", sizes.all_bytes},
                          {"paths", content.entries.size()},
                          {"trees", trees}});
}

void tell_sizes(const Arguments& arguments, const Content& content) {
  const auto table = size_table(content);
  auto text = head(content, table) + "\n";
  json::array list;
  for (const auto& row : summarised(table, kWorthALine)) {
    text += std::format("  {:>8}  {:<10} {}\n", amount(row.bytes, Unit::kBytes), row.tree, row.what);
    list.push_back({{"tree", row.tree}, {"what", row.what}, {"bytes", row.bytes}, {"files", row.files}});
  }
  arguments.result(text, {{"bytes", table.bytes}, {"all_bytes", table.all_bytes}, {"rows", list}});
}

// What the manifest asks for in a tree.
std::vector<std::string> asked_for(const Manifest& manifest, const std::string& tree) {
  const auto service =
      std::ranges::find(manifest.services, tree, [](const auto& recipe) { return recipe.tree.name; });
  return service == manifest.services.end() ? manifest.os.packages : service->tree.packages;
}

Result<void> tell_why(const Arguments& arguments, const Content& content, const std::string& name) {
  const auto manifest = TRY(load_manifest(arguments.manifest()));
  std::string text;
  json::object object;
  for (const auto& tree : content.trees) {
    if (std::ranges::find(tree.packages, name, &InstalledPackage::name) == tree.packages.end()) continue;
    const auto way = why(tree.packages, asked_for(manifest, tree.name), name);
    text += tree.name + ": ";
    if (way.empty()) text += name + " is essential, or maintainer scripts count on it";
    for (const auto& step : way) text += (step == way.front() ? "" : " needs ") + step;
    text += "\n";
    object[tree.name] = json::value_from(way);
  }
  if (text.empty())
    return fail(Category::kNotFound, "find", "package " + name, "no tree of this version has it");
  arguments.result(text, {{"package", name}, {"why", object}});
  return {};
}

Result<void> run_inspect(const Arguments& arguments) {
  const auto repository = TRY(open_repository(arguments));
  const auto operands = arguments.operands();
  const auto named = operands.empty() ? std::nullopt : std::optional(operands.front());
  const auto content = TRY(read_content(repository, TRY(find_commit(arguments, repository, named))));
  if (const auto package = arguments.text("why")) return tell_why(arguments, content, *package);
  if (arguments.flag("size"))
    tell_sizes(arguments, content);
  else
    tell_packages(arguments, content);
  return {};
}

}  // namespace

Verb inspect_verb() {
  Verb verb{
      .name = "inspect",
      .summary = "show what is in a version",
      .operands = "[VERSION]",
      .description =
          "Lists the packages of the OS and of every service. VERSION is a ref, a commit's checksum or an "
          "image file; "
          "default: what was built last.\n\n"
          "With --size it says what the bytes are for: packages, and folders no package owns, the largest "
          "first; what is below 1 MB is "
          "summed up for each tree. Content that several trees share is counted once, for the first of them.",
      .examples = {{"stratify inspect", "the packages of what was built last"},
                   {"stratify inspect --size out/openhaven-0.1.0-amd64.raw",
                    "what that image's bytes are for"},
                   {"stratify inspect --why libglib2.0-0t64", "which package that was asked for needs it"}},
      .files = {{"out/cache/repo", "the repository that holds the versions"}},
      .run = run_inspect};
  auto add = verb.options.add_options();
  add("size", po::bool_switch(), "say what the bytes are for");
  add("why", po::value<std::string>()->value_name("PACKAGE"), "say why PACKAGE is there");
  return verb;
}

}  // namespace stratify::image::cli
