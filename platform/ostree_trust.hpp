// Inside of platform/ostree: what is signed the way libostree signs, by keys one names.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

// The bytes a value is stored as; empty when it is null.
std::string_view content_of(GVariant* value);

// kVerification unless a key of one of the keyrings (see verify_data) signed these bytes. signatures is a
// dictionary (a{sv}) as in a commit's detached metadata or in summary.sig; null for none.
Result<void> verify_signed(const std::filesystem::path& repository, std::string_view bytes,
                           GVariant* signatures, const std::vector<std::filesystem::path>& keyrings);

// As above, of a commit object and the metadata beside it.
Result<void> verify_commit(const std::filesystem::path& repository, GVariant* commit, GVariant* detached,
                           const std::vector<std::filesystem::path>& keyrings);

}  // namespace stratify::ostree
