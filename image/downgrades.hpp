// Versions that go down between two locks: what an outdated or dishonest mirror brings.
#pragma once

#include <string>
#include <vector>

#include "image/lock.hpp"

namespace stratify::image {

// The packages of a new lock that are older than in the lock before, each compared with what its trees had,
// or when they had none of that name, with what any tree had. Sorted by name.
[[nodiscard]] std::vector<ChangedPackage> downgrades(const Lock& before, const Lock& after);

// "server 2.0 -> 1.0, ..."; empty when there are none.
[[nodiscard]] std::string names_of(const std::vector<ChangedPackage>& downgrades);

}  // namespace stratify::image
