#include "firstboot/form.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ranges>

namespace stratify::firstboot {

namespace {

Unexpected broken(std::string cause) {
  return fail(Category::kInvalidInput, "read", "the form", std::move(cause));
}

std::optional<int> hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return std::nullopt;
}

// How many bytes the UTF-8 sequence at the front has (RFC 3629), 0 when it is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) return follows(1) ? 2 : 0;
  const auto second = byte(1);
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) {
    const bool overlong = byte(0) == 0xE0 && second < 0xA0;
    const bool surrogate = byte(0) == 0xED && second > 0x9F;
    return !overlong && !surrogate && follows(1) && follows(2) ? 3 : 0;
  }
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) {
    const bool overlong = byte(0) == 0xF0 && second < 0x90;
    const bool beyond = byte(0) == 0xF4 && second > 0x8F;
    return !overlong && !beyond && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<std::uint8_t>(text.front());
    const auto length = sequence_length(text);
    if (length == 0 || first < 0x20 || first == 0x7f) return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<std::string> decode(std::string_view encoded) {
  std::string text;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      text += encoded[i] == '+' ? ' ' : encoded[i];
      continue;
    }
    const auto high = i + 2 < encoded.size() ? hex_digit(encoded[i + 1]) : std::nullopt;
    const auto low = i + 2 < encoded.size() ? hex_digit(encoded[i + 2]) : std::nullopt;
    if (!high || !low) return broken("a % is not followed by two hexadecimal digits");
    text += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  if (!is_plain_text(text)) return broken("a field holds control characters or is not UTF-8");
  return text;
}

}  // namespace

Result<std::map<std::string, std::string>> parse_form(std::string_view body) {
  constexpr std::size_t kMostFields = 16;
  std::map<std::string, std::string> fields;
  for (const auto part : std::views::split(body, '&')) {
    const std::string_view field(part.begin(), part.end());
    if (field.empty()) continue;
    const auto equals = std::min(field.find('='), field.size());
    auto name = TRY(decode(field.substr(0, equals)));
    auto value = TRY(decode(field.substr(std::min(equals + 1, field.size()))));
    if (fields.size() == kMostFields) return broken("it has too many fields");
    if (!fields.emplace(std::move(name), std::move(value)).second) return broken("a field is given twice");
  }
  return fields;
}

}  // namespace stratify::firstboot
