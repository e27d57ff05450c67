#include "image/control.hpp"

#include <algorithm>
#include <ranges>

namespace stratify::image {

namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }
bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Unexpected bad_line(std::size_t number, std::string cause) {
  return fail(Category::kInvalidInput, "read control file", "line " + std::to_string(number),
              std::move(cause));
}

Unexpected bad_field(std::string_view name, std::string cause) {
  return fail(Category::kInvalidInput, "read control file", "field " + std::string(name), std::move(cause));
}

bool all_of(std::string_view text, std::string_view also, bool (*is_allowed)(char)) {
  return std::ranges::all_of(text, [&](char c) { return is_allowed(c) || also.contains(c); });
}

// Debian policy 5.6.1, 5.6.12 and 5.6.8.
Result<void> check(const Control& control) {
  const auto name = control.package();
  if (name.size() < 2 || !is_lower_or_digit(name.front()) || !all_of(name, "+-.", is_lower_or_digit)) {
    return bad_field("Package", "'" + std::string(name) + "' is not a package name");
  }
  const auto version = control.version();
  if (version.empty() || version.front() < '0' || version.front() > '9' ||
      !all_of(version, ".+-:~", is_letter_or_digit)) {
    return bad_field("Version", "'" + std::string(version) + "' is not a version");
  }
  const auto architecture = control.architecture();
  if (architecture.empty() || !all_of(architecture, "-", is_lower_or_digit)) {
    return bad_field("Architecture", "'" + std::string(architecture) + "' is not an architecture");
  }
  return {};
}

}  // namespace

Result<Control> Control::parse(std::string_view text) {
  Control control;
  std::string* value = nullptr;
  std::size_t number = 0;
  bool ended = false;
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view line(part);
    ++number;
    if (std::ranges::any_of(line, is_control)) return bad_line(number, "it holds a control character");
    if (trim(line).empty()) {
      ended = value != nullptr;
      continue;
    }
    if (ended) return bad_line(number, "a package has one paragraph");
    if (line.front() == ' ' || line.front() == '\t') {
      if (value == nullptr) return bad_line(number, "it continues no field");
      *value += '\n' + std::string(trim(line));
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.substr(0, colon).contains(' ')) {
      return bad_line(number, "expected 'Field: value'");
    }
    const auto [field, fresh] =
        control.fields_.emplace(lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    if (!fresh) return bad_line(number, "field " + std::string(line.substr(0, colon)) + " comes twice");
    value = &field->second;
  }
  TRY(check(control));
  return control;
}

std::string_view Control::field(std::string_view name) const {
  const auto found = fields_.find(lower(name));
  return found == fields_.end() ? std::string_view() : found->second;
}

}  // namespace stratify::image
