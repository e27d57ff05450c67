#include "image/cli/run.hpp"

#include <algorithm>
#include <cstdlib>
#include <format>
#include <iostream>

#include "image/cli/help.hpp"
#include "image/cli/verb.hpp"
#include "platform/yaml.hpp"

namespace stratify::image::cli {

namespace po = boost::program_options;

namespace {

int tell(const Console& console, const Error& error, bool json) {
  if (json) {
    console.out << boost::json::object{{"error", error.message()},
                                       {"category", to_string(error.category())},
                                       {"object", error.object()},
                                       {"cause", error.cause()}}
                << std::endl;
  } else {
    console.err << "stratify: " << error.message() << std::endl;
  }
  return exit_code(error.category());
}

Result<const Verb*> find_verb(const std::string& name) {
  const auto verb = std::ranges::find(verbs(), name, &Verb::name);
  if (verb != verbs().end()) return &*verb;
  std::vector<std::string> names;
  for (const auto& known : verbs()) names.push_back(known.name);
  const auto meant = yaml::nearest(name, names);
  return fail(Category::kInvalidInput, "", name,
              "no such verb; " + (meant.empty() ? "`stratify --help` lists them"
                                                : "did you mean `stratify " + meant + "`?"));
}

std::string hint_for(const std::string& option, const po::options_description& all, const Verb& verb) {
  std::vector<std::string> names;
  for (const auto& known : all.options())
    names.push_back(known->canonical_display_name(po::command_line_style::allow_long));
  const auto meant = yaml::nearest(option, names);
  return meant.empty() ? std::format("`stratify {} --help` lists them", verb.name)
                       : "did you mean " + meant + "?";
}

Result<po::variables_map> parse(const Verb& verb, const std::vector<std::string>& words) {
  po::options_description all;
  po::positional_options_description positional;
  all.add(verb.options).add(common_options()).add_options()("operand", po::value<std::vector<std::string>>());
  if (!verb.operands.empty()) positional.add("operand", -1);
  po::variables_map values;
  try {
    constexpr auto kStyle = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(words).options(all).positional(positional).style(kStyle).run(), values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    return fail(Category::kInvalidInput, "", verb.name,
                std::format("{}; {}", error.what(), hint_for(error.get_option_name(), all, verb)));
  } catch (const po::too_many_positional_options_error&) {
    return fail(Category::kInvalidInput, "", verb.name,
                std::format("it takes no operands, only options; `stratify {} --help` explains", verb.name));
  } catch (const po::error& error) {
    return fail(Category::kInvalidInput, "", verb.name,
                std::format("{}; `stratify {} --help` explains", error.what(), verb.name));
  }
  return values;
}

ProgressStyle style_of(const Console& console, bool json) {
  if (json) return ProgressStyle::kJson;
  return console.err_is_terminal ? ProgressStyle::kBars : ProgressStyle::kLines;
}

int run_verb(const Verb& verb, const std::vector<std::string>& words, const Console& console) {
  auto values = parse(verb, words);
  if (!values) return tell(console, values.error(), std::ranges::contains(words, "--json"));
  const bool json = (*values)["json"].as<bool>();
  if ((*values)["help"].as<bool>()) {
    console.out << help_of(verb);
    return 0;
  }
  const auto progress = make_progress(style_of(console, json), json ? console.out : console.err);
  const Ticker ticker(*progress);
  const auto done = verb.run(Arguments(*std::move(values), *progress, console.out));
  return done ? 0 : tell(console, done.error(), json);
}

}  // namespace

int run(const std::vector<std::string>& command_line, const Console& console) {
  if (command_line.empty() || command_line[0] == "--help" || command_line[0] == "-h" ||
      command_line[0] == "help") {
    (command_line.empty() ? console.err : console.out) << overview();
    return command_line.empty() ? exit_code(Category::kInvalidInput) : 0;
  }
  const auto verb = find_verb(command_line[0]);
  if (!verb) return tell(console, verb.error(), false);
  return run_verb(**verb, {command_line.begin() + 1, command_line.end()}, console);
}

}  // namespace stratify::image::cli
