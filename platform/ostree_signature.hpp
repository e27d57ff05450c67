// Whether a commit, or any text, is signed by a key one trusts.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::ostree {

// Fingerprint of the key in the OpenPGP keyring (binary public keys) that signed the commit. kVerification
// when none of them has, or the signature does not match the commit.
[[nodiscard]] Result<std::string> verify_signature(const std::filesystem::path& repository,
                                                   const Sha256& commit,
                                                   const std::filesystem::path& keyring);

// Fingerprint of a key in one of the keyrings that made one of the detached OpenPGP signatures (binary, one
// after the other) of data. A keyring is a file of binary public keys, or a folder of such files named *.gpg,
// as /usr/share/ostree/trusted.gpg.d; no other keys are trusted. kVerification says why none is accepted: no
// signature, an unknown, expired or revoked key, other data. repository is any one on this machine; libostree
// verifies by it, nothing of it matters.
[[nodiscard]] Result<std::string> verify_data(const std::filesystem::path& repository, std::string_view data,
                                              std::string_view signatures,
                                              const std::vector<std::filesystem::path>& keyrings);

}  // namespace stratify::ostree
