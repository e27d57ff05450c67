// Where the rescue page is, and how a person recognises it: for all who point at it.
#pragma once

#include <cstdint>

namespace stratify::rescue {

// The firewall opens it while the page runs (units/system/haven-rescue.service).
inline constexpr std::uint16_t kPort = 9443;

// The SHA-256 of its certificate as browsers show it, as one line: nobody vouches for that certificate. There
// while the page runs.
inline constexpr const char* kFingerprintFile = "/run/openhaven/rescue.sha256";

}  // namespace stratify::rescue
