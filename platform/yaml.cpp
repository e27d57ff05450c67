#include "platform/yaml.hpp"

#include <yaml-cpp/eventhandler.h>

#include <charconv>
#include <format>
#include <numeric>
#include <optional>
#include <set>
#include <sstream>

namespace stratify::yaml {

namespace fs = std::filesystem;

namespace {

std::string place(const std::string& file_name, const YAML::Mark& mark) {
  if (mark.is_null()) return file_name;
  return std::format("{}:{}:{}", file_name, mark.line + 1, mark.column + 1);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// What a terminal may be sent.
std::string printable(std::string text) {
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 60;
  return "\"" + printable(std::string(text.substr(0, kMost))) + (text.size() > kMost ? "...\"" : "\"");
}

// The text of a plain value; nothing for maps, lists and empty values.
std::optional<std::string> scalar(const Value& value) {
  if (!value.node().IsScalar()) return std::nullopt;
  return value.node().Scalar();
}

// Notes where documents begin and lets everything else pass.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}

  YAML::Mark last;
};

// Where a second document begins. Not by YAML::LoadAll, which never ends on a stray comma (yaml-cpp issue
// 1040).
std::optional<YAML::Mark> second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.last;
}

std::optional<std::uint64_t> to_number(std::string_view digits) {
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return result;
}

// Damerau's and Levenshtein's distance: single-character edits and swaps of neighbours that make one word of
// the other.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::vector<std::size_t>> table(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
  std::iota(table[0].begin(), table[0].end(), 0U);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    table[i][0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const auto replaced = table[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0U : 1U);
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[from.size()][to.size()];
}

}  // namespace

Result<Value> Value::parse(std::string_view text, std::string file_name) {
  const auto name = std::make_shared<const std::string>(std::move(file_name));
  try {
    const std::string document(text);
    if (const auto more = second_document(document)) {
      return fail(Category::kInvalidInput, "", place(*name, *more),
                  "expected one document, found more after its end");
    }
    return Value(YAML::Load(document), name);
  } catch (const YAML::Exception& error) {
    return fail(Category::kInvalidInput, "", place(*name, error.mark), "not YAML: " + printable(error.msg));
  }
}

Value Value::at(const YAML::Node& node, const YAML::Node& key) const {
  auto value = at(node);
  if (node.IsNull()) value.mark_ = key.Mark();
  return value;
}

std::string Value::position() const { return place(*file_name_, mark_); }

std::string Value::in_words() const {
  switch (node_.Type()) {
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Scalar:
      return in_quotes(node_.Scalar());
    default:
      return "nothing";
  }
}

Unexpected Value::expected(std::string_view what) const {
  return wrong(std::format("expected {}, found {}", what, in_words()));
}

Unexpected Value::wrong(std::string sentence) const {
  return fail(Category::kInvalidInput, "", position(), std::move(sentence));
}

Reader<std::string> text() {
  return text("text", [](std::string_view) { return true; });
}

Reader<std::string> text(std::string what, std::function<bool(std::string_view)> fits) {
  return [what = std::move(what), fits = std::move(fits)](const Value& value) -> Result<std::string> {
    auto found = scalar(value);
    if (!found || found->empty() || std::ranges::any_of(*found, is_control) || !fits(*found))
      return value.expected(what);
    return *found;
  };
}

Reader<std::string> one_of(std::vector<std::string> choices) {
  std::string what;
  for (const auto& choice : choices) what += (what.empty() ? "" : " or ") + choice;
  return text(what, [choices = std::move(choices)](std::string_view found) {
    return std::ranges::contains(choices, found);
  });
}

Reader<std::uint64_t> number(std::uint64_t least, std::uint64_t most) {
  return [=](const Value& value) -> Result<std::uint64_t> {
    const auto result = to_number(scalar(value).value_or(""));
    if (!result || *result < least || *result > most)
      return value.expected(std::format("a number from {} to {}", least, most));
    return *result;
  };
}

Reader<std::uint64_t> mebibytes() {
  return [](const Value& value) -> Result<std::uint64_t> {
    constexpr std::uint64_t kMost = 1U << 24U;  // 16 TiB
    const auto found = scalar(value).value_or("");
    const auto space = found.find(' ');
    const auto unit = space == std::string::npos ? "" : found.substr(space + 1);
    const auto count = to_number(std::string_view(found).substr(0, space));
    const std::uint64_t factor = unit == "MiB" ? 1 : unit == "GiB" ? 1024 : 0;
    if (!count || *count == 0 || factor == 0 || *count > kMost / factor) {
      return value.expected("a size such as \"512 MiB\" or \"4 GiB\"");
    }
    return *count * factor;
  };
}

Reader<fs::path> absolute_path() {
  return [](const Value& value) -> Result<fs::path> {
    const auto fits = [](std::string_view found) {
      const fs::path path(found);
      return path.is_absolute() &&
             std::ranges::none_of(path, [](const fs::path& part) { return part == "." || part == ".."; });
    };
    return TRY(text("an absolute path without \"..\"", fits)(value));
  };
}

std::string nearest(std::string_view wrong, const std::vector<std::string>& words) {
  constexpr std::size_t kLongest = 64;
  if (wrong.size() > kLongest) return {};
  const auto far = [&](const std::string& word) { return distance(wrong, word); };
  const auto best = std::ranges::min_element(words, {}, far);
  if (best == words.end() || far(*best) > std::max<std::size_t>(1, best->size() / 3)) return {};
  return *best;
}

Reader<std::vector<std::string>> unique_list(Reader<std::string> item) {
  return [reader = list(item)](const Value& value) -> Result<std::vector<std::string>> {
    auto result = TRY(reader(value));
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (!seen.insert(result[i]).second)
        return value.at(value.node()[i]).wrong(in_quotes(result[i]) + " is listed twice");
    }
    return result;
  };
}

Result<void> check_keys(const Value& value, const std::vector<std::string>& known,
                        const std::vector<std::string>& wanted) {
  if (!value.node().IsMap()) return value.expected("a map");
  std::set<std::string> seen;
  for (const auto& entry : value.node()) {
    const auto key = value.at(entry.first);
    if (!entry.first.IsScalar()) return key.expected("a key");
    const auto& name = entry.first.Scalar();
    if (!seen.insert(name).second)
      return key.wrong(std::format("the key {} is given twice", in_quotes(name)));
    if (std::ranges::contains(known, name)) continue;
    const auto meant = nearest(name, known);
    return key.wrong(std::format("unknown key {}{}", in_quotes(name),
                                 meant.empty() ? "" : "; did you mean " + in_quotes(meant) + "?"));
  }
  for (const auto& key : wanted) {
    if (!seen.contains(key)) return value.wrong(std::format("the key {} is missing", in_quotes(key)));
  }
  return {};
}

Reader<std::vector<std::string>> environment() {
  return [](const Value& value) -> Result<std::vector<std::string>> {
    if (!value.node().IsMap()) return value.expected("a map of names and values");
    std::vector<std::string> result;
    for (const auto& entry : value.node()) {
      const auto is_name = [](std::string_view name) { return !name.contains('='); };
      const auto name = TRY(text("the name of a variable", is_name)(value.at(entry.first)));
      if (!entry.second.IsScalar()) return value.at(entry.second, entry.first).expected("text");
      result.push_back(name + "=" + entry.second.Scalar());
    }
    return result;
  };
}

}  // namespace stratify::yaml
