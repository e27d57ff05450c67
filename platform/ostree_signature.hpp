// Whether a commit is signed by a key one trusts.
#pragma once

#include <filesystem>
#include <string>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::ostree {

// Fingerprint of the key in the OpenPGP keyring (binary public keys) that signed the commit. kVerification
// when none of them has, or the signature does not match the commit.
[[nodiscard]] Result<std::string> verify_signature(const std::filesystem::path& repository,
                                                   const Sha256& commit,
                                                   const std::filesystem::path& keyring);

}  // namespace stratify::ostree
