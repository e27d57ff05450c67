// The order of version names.
#pragma once

#include <compare>
#include <string_view>

namespace stratify::release {

// As people read them: numbers by value, what lies between them by its letters, "~" before everything, so
// that 1.0~rc1 < 1.0 < 1.0.1 < 1.10. Names that differ only in leading zeros are equal. The same order as
// Debian's (deb-version(7)), without epochs and revisions.
[[nodiscard]] std::weak_ordering compare_versions(std::string_view left, std::string_view right);

}  // namespace stratify::release
