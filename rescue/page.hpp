// The one page of the rescue.
#pragma once

#include <string>
#include <string_view>

#include "rescue/facts.hpp"

namespace stratify::rescue {

// HTML that needs nothing else: no script, no other file.
[[nodiscard]] std::string page_of(const Facts& facts);

// Text as HTML shows it.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace stratify::rescue
