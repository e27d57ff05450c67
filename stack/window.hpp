// When a machine may restart for an update: a part of the day in its local time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/error.hpp"

namespace stratify::stack {

// Minutes since midnight, local time; begin == end is the whole day, begin > end goes over midnight.
struct Window {
  unsigned begin = 180;
  unsigned end = 300;
  friend bool operator==(const Window&, const Window&) = default;
};

// "03:00-05:00". kInvalidInput otherwise.
[[nodiscard]] Result<Window> parse_window(std::string_view text);
[[nodiscard]] std::string to_string(const Window& window);

// Whether the local clock shows a time in the window. It is the clock on the wall that counts: on the day it
// jumps forward a window may be shorter or missing, on the day it goes back it may be met twice.
[[nodiscard]] bool is_open(const Window& window, std::int64_t now);

// Seconds until it is open; 0 when it is. At most a little over two days, over a window that a jump skipped.
[[nodiscard]] std::int64_t opens_in(const Window& window, std::int64_t now);

}  // namespace stratify::stack
