#include "release/version.hpp"

#include <algorithm>

namespace stratify::release {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "~" before the end, the end before letters, letters before everything else.
int rank(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return 0;
  if (text[0] == '~') return -1;
  constexpr int kAfterLetters = 256;
  return is_letter(text[0]) ? text[0] : text[0] + kAfterLetters;
}

std::string_view take_number(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

}  // namespace

std::weak_ordering compare_versions(std::string_view left, std::string_view right) {
  while (!left.empty() || !right.empty()) {
    for (int l = rank(left), r = rank(right); l != 0 || r != 0; l = rank(left), r = rank(right)) {
      if (l != r) return l <=> r;
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
    const auto l = take_number(left);
    const auto r = take_number(right);
    if (l.size() != r.size()) return l.size() <=> r.size();
    if (l != r) return l <=> r;
  }
  return std::weak_ordering::equivalent;
}

}  // namespace stratify::release
