// What a verb of `stratify` is: everything its help says, its options, and what it does.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <boost/program_options.hpp>

#include "image/progress.hpp"
#include "platform/error.hpp"

namespace stratify::image::cli {

// The command line of one verb, parsed, and where its results go.
class Arguments {
 public:
  Arguments(boost::program_options::variables_map values, Progress& progress, std::ostream& out)
      : values_(std::move(values)), progress_(progress), out_(out) {}

  [[nodiscard]] bool flag(const std::string& option) const {
    return values_.contains(option) && values_[option].as<bool>();
  }
  [[nodiscard]] std::optional<std::string> text(const std::string& option) const;
  [[nodiscard]] std::optional<unsigned> number(const std::string& option) const;
  // Every value of an option that may be repeated.
  [[nodiscard]] std::vector<std::string> list(const std::string& option) const;

  // The places of the project; each has an option and a default.
  [[nodiscard]] std::filesystem::path manifest() const { return *text("manifest"); }
  [[nodiscard]] std::filesystem::path lock() const;
  [[nodiscard]] std::filesystem::path output() const { return *text("output"); }
  [[nodiscard]] std::filesystem::path cache() const;

  // What follows the options.
  [[nodiscard]] std::vector<std::string> operands() const;

  [[nodiscard]] Progress& progress() const { return progress_; }

  // The verb's result: the text for a person, or with --json the object on one line.
  void result(std::string_view text, boost::json::object object) const;

 private:
  boost::program_options::variables_map values_;
  Progress& progress_;
  std::ostream& out_;
};

struct Example {
  std::string command;
  std::string meaning;
};

struct FileNote {
  std::string path;
  std::string meaning;
};

struct Verb {
  std::string name;
  std::string summary;      // completes "stratify <name>: ...", begins in lower case, no full stop
  std::string operands;     // as in the synopsis: "[IMAGE]"
  std::string description;  // paragraphs separated by empty lines
  boost::program_options::options_description options;  // beside those every verb has
  std::vector<Example> examples;
  std::vector<FileNote> files;
  std::function<Result<void>(const Arguments&)> run;
};

// The verbs, in the order of the overview. This is the table to extend: a file of its own for each verb.
[[nodiscard]] const std::vector<Verb>& verbs();

[[nodiscard]] Verb lock_verb();
[[nodiscard]] Verb build_verb();
[[nodiscard]] Verb run_verb();
[[nodiscard]] Verb inspect_verb();
[[nodiscard]] Verb verify_verb();
[[nodiscard]] Verb diff_verb();
[[nodiscard]] Verb publish_verb();

// --mirror, for the verbs that fetch.
void add_mirror_option(boost::program_options::options_description& options);

}  // namespace stratify::image::cli
