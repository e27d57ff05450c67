// What moves over the network between two commits of a repository.
#pragma once

#include <cstdint>
#include <optional>

#include "platform/ostree.hpp"

namespace stratify::ostree {

struct Transfer {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;  // compressed as a server keeps them (mode archive), without static deltas
};

// The objects of `want` that a machine with all objects of `have` is missing. Without `have`: everything.
[[nodiscard]] Result<Transfer> transfer_between(const std::filesystem::path& repository,
                                                const std::optional<Sha256>& have, const Sha256& want);

}  // namespace stratify::ostree
