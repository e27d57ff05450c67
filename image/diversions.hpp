// dpkg's diversions (dpkg-divert(1)) against packages that are all in place already.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// "Whatever package but `by` ships path, it is to be put at `to`."
struct Diversion {
  std::string path;
  std::string to;
  std::string by;  // empty for a local diversion, which concerns every package
  friend bool operator==(const Diversion&, const Diversion&) = default;
};

// The content of /var/lib/dpkg/diversions. kInvalidInput when it is not made of records of three lines.
[[nodiscard]] Result<std::vector<Diversion>> parse_diversions(std::string_view text);

// Trees are united before any script runs, so a diversion comes too late to move a file. This tells whether
// one would have: kConflict names the file, the package that ships it and the one that diverts it. packages:
// name and commit (image/unpack.hpp). Diversions of names that merging /usr has replaced ("/lib/x") concern
// no file, as they are meant to (docs/decisions/0005-packages-before-scripts.md).
[[nodiscard]] Result<void> check_diversions(const ostree::Repository& repository,
                                            const std::vector<Diversion>& diversions,
                                            const std::vector<std::pair<std::string, Sha256>>& packages);

}  // namespace stratify::image
