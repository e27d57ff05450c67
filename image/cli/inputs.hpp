// What several verbs begin with.
#pragma once

#include <boost/json.hpp>

#include "image/cli/verb.hpp"
#include "image/lock.hpp"
#include "image/mirror.hpp"

namespace stratify::image::cli {

// The mirror of --mirror, else of the variable MIRROR, else of this machine's apt configuration.
[[nodiscard]] Result<Mirror> find_mirror(const Arguments& arguments);

// kVerification with the difference when the lock is not what it would be made anew.
[[nodiscard]] Result<void> check_current(const Lock& lock, const Lock& anew,
                                         const std::filesystem::path& path);

// Says of versions that go down that a person has to look at them; empty when there are none.
[[nodiscard]] std::string warning_of(const std::vector<ChangedPackage>& downgrades);

[[nodiscard]] boost::json::object to_json(const LockDifference& difference);
[[nodiscard]] boost::json::array to_json(const std::vector<ChangedPackage>& packages);

}  // namespace stratify::image::cli
