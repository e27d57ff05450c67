#include "image/cli/help.hpp"

#include <algorithm>
#include <format>
#include <sstream>

namespace stratify::image::cli {

namespace po = boost::program_options;

namespace {

constexpr std::size_t kColumns = 80;

constexpr std::string_view kExitCodes =
    "  0  done\n"
    "  1  failed: the message says why and what to do\n"
    "  2  the command line, the manifest or the lock is wrong\n"
    "  3  a checksum, a signature or the lock does not match: nothing of it was used\n"
    "  4  something named does not exist, or a locked package left the mirror\n"
    "  5  the disk is full\n"
    "  6  the network or a service did not answer: try again\n";

// Words of one paragraph, broken at kColumns, each line indented.
std::string wrapped(std::string_view paragraph, std::size_t indent) {
  std::istringstream words{std::string(paragraph)};
  std::string result;
  std::string line(indent, ' ');
  for (std::string word; words >> word;) {
    if (line.size() > indent && line.size() + 1 + word.size() > kColumns) {
      result += line + "\n";
      line.assign(indent, ' ');
    }
    line += (line.size() > indent ? " " : "") + word;
  }
  return result + line + "\n";
}

std::string paragraphs(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find("\n\n"), text.size());
    result += (result.empty() ? "" : "\n") + wrapped(text.substr(0, end), 2);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return result;
}

// The groups in one column.
std::string options_text(const std::vector<po::options_description>& groups) {
  unsigned column = 0;
  for (const auto& group : groups) column = std::max(column, group.get_option_column_width());
  std::ostringstream text;
  for (const auto& group : groups) group.print(text, column);
  return text.str();
}

std::string section(std::string_view title, std::string_view body) {
  return std::format("\n{}\n{}", title, body);
}

std::string examples_text(const std::vector<Example>& examples) {
  std::string result;
  for (const auto& example : examples)
    result += std::format("  {}\n{}", example.command, wrapped(example.meaning, 6));
  return result;
}

std::string files_text(const std::vector<FileNote>& files) {
  std::string result;
  for (const auto& file : files) result += std::format("  {}\n{}", file.path, wrapped(file.meaning, 6));
  return result;
}

}  // namespace

po::options_description common_options() {
  po::options_description options(kColumns, kColumns / 2);
  auto add = options.add_options();
  add("manifest", po::value<std::string>()->default_value("image/core.yaml")->value_name("FILE"),
      "what the image is made of");
  add("lock", po::value<std::string>()->value_name("FILE"), "the lock; default: beside the manifest, *.lock");
  add("output", po::value<std::string>()->default_value("out")->value_name("DIR"), "where images go");
  add("cache", po::value<std::string>()->value_name("DIR"),
      "where finished work is kept; default: cache in the output folder");
  add("json", po::bool_switch(), "write progress and results as JSON, one object a line");
  add("help,h", po::bool_switch(), "show this help");
  return options;
}

std::string overview() {
  std::string list;
  for (const auto& verb : verbs()) list += std::format("  {:<10}{}\n", verb.name, verb.summary);
  return "stratify - makes signed, bootable images of OpenHaven\n" +
         section("SYNOPSIS", "  stratify VERB [OPTION ...] [OPERAND ...]\n") +
         section("DESCRIPTION", paragraphs("Reads a manifest, locks the packages it asks for, and makes of "
                                           "them one signed OSTree commit and the "
                                           "disks that boot it. Every step keeps its result in a cache under "
                                           "the checksum of what it was made "
                                           "from, so that work is never done twice and an interrupted build "
                                           "goes on where it stopped.")) +
         section("VERBS", list + "\n  stratify VERB --help explains one.\n") +
         section("OPTIONS OF EVERY VERB", options_text({common_options()})) +
         section("EXIT CODES", kExitCodes) +
         section("ENVIRONMENT",
                 "  MIRROR\n      as the option --mirror, which goes before it\n"
                 "  http_proxy, https_proxy, no_proxy\n      the proxies to fetch through\n");
}

std::string help_of(const Verb& verb) {
  auto text = std::format("stratify {} - {}\n", verb.name, verb.summary);
  text += section("SYNOPSIS", std::format("  stratify {} [OPTION ...]{}{}\n", verb.name,
                                          verb.operands.empty() ? "" : " ", verb.operands));
  text += section("DESCRIPTION", paragraphs(verb.description));
  text += section("OPTIONS", options_text({verb.options, common_options()}));
  text += section("EXIT CODES", kExitCodes);
  if (!verb.examples.empty()) text += section("EXAMPLES", examples_text(verb.examples));
  if (!verb.files.empty()) text += section("FILES", files_text(verb.files));
  return text;
}

int exit_code(Category category) {
  switch (category) {
    case Category::kInvalidInput:
      return 2;
    case Category::kVerification:
      return 3;
    case Category::kNotFound:
      return 4;
    case Category::kNoSpace:
      return 5;
    case Category::kTimeout:
    case Category::kUnavailable:
      return 6;
    default:
      return 1;
  }
}

}  // namespace stratify::image::cli
