// Text in HTML.
#pragma once

#include <string>
#include <string_view>

namespace stratify {

// The five characters that mean something in HTML text and quoted attributes, replaced.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace stratify
