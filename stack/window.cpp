#include "stack/window.hpp"

#include <charconv>
#include <ctime>
#include <format>
#include <optional>

namespace stratify::stack {

namespace {

constexpr unsigned kHour = 60;

std::optional<unsigned> minutes_of(std::string_view text) {
  constexpr std::size_t kLength = 5;  // "03:00"
  if (text.size() != kLength || text[2] != ':') return std::nullopt;
  unsigned hours = 0;
  unsigned minutes = 0;
  const auto* const start = text.data();
  if (std::from_chars(start, start + 2, hours).ptr != start + 2) return std::nullopt;
  if (std::from_chars(start + 3, start + kLength, minutes).ptr != start + kLength) return std::nullopt;
  if (minutes >= kHour || hours > 24 || (hours == 24 && minutes != 0)) return std::nullopt;
  return hours % 24 * kHour + minutes;
}

}  // namespace

Result<Window> parse_window(std::string_view text) {
  const auto dash = text.find('-');
  const auto begin = minutes_of(text.substr(0, dash));
  const auto end = dash == std::string_view::npos ? std::nullopt : minutes_of(text.substr(dash + 1));
  if (begin && end) return Window{.begin = *begin, .end = *end};
  return fail(Category::kInvalidInput, "read", std::string(text), "a window is written as 03:00-05:00");
}

std::string to_string(const Window& window) {
  return std::format("{:02}:{:02}-{:02}:{:02}", window.begin / kHour, window.begin % kHour,
                     window.end / kHour, window.end % kHour);
}

bool is_open(const Window& window, std::int64_t now) {
  std::tm local{};
  const std::time_t time = now;
  ::localtime_r(&time, &local);
  const auto minute = static_cast<unsigned>(local.tm_hour) * kHour + static_cast<unsigned>(local.tm_min);
  if (window.begin == window.end) return true;
  if (window.begin < window.end) return minute >= window.begin && minute < window.end;
  return minute >= window.begin || minute < window.end;
}

std::int64_t opens_in(const Window& window, std::int64_t now) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kMost = kMinute * 60 * 49;
  if (is_open(window, now)) return 0;
  // Minute by minute, because the clock may jump anywhere.
  for (auto then = now - now % kMinute + kMinute; then < now + kMost; then += kMinute) {
    if (is_open(window, then)) return then - now;
  }
  return kMost;
}

}  // namespace stratify::stack
