// QR codes (ISO/IEC 18004) as text, two modules above each other in one character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"

namespace stratify::firstboot {

// The lines of the code with a margin, dark on light for a terminal that is light on dark. kInvalidInput when
// the text is too long for a QR code.
[[nodiscard]] Result<std::vector<std::string>> qr_lines(std::string_view text);

}  // namespace stratify::firstboot
