// Credentials that the service manager hands to this unit (systemd.exec(5), ImportCredential=).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stratify {

// The value of the credential, without the line end it may have; nothing when none was passed, or one longer
// than longest bytes.
[[nodiscard]] std::optional<std::string> credential(std::string_view name, std::size_t longest);

}  // namespace stratify
