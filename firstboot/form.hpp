// The fields of a posted form: application/x-www-form-urlencoded (WHATWG URL, section 5).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "platform/error.hpp"

namespace stratify::firstboot {

// kInvalidInput for a broken %-escape, control characters, text that is not UTF-8, a field given twice, more
// than sixteen fields.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_form(std::string_view body);

}  // namespace stratify::firstboot
