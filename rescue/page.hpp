// The one page of the rescue.
#pragma once

#include <string>

#include "rescue/facts.hpp"

namespace stratify::rescue {

// HTML that needs nothing else: no script, no other file.
[[nodiscard]] std::string page_of(const Facts& facts);

}  // namespace stratify::rescue
