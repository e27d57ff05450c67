// What a person is told of updates without asking.
#pragma once

#include <string>
#include <vector>

#include "updater/record.hpp"

namespace stratify::updater {

// What of the last version its owner may want to look into although it is installed, a sentence each.
[[nodiscard]] std::vector<std::string> remarks_on(const Record& record);

// What is shown at login; empty when there is nothing to tell. used_percent: of the disk, 0 when it is not
// known.
[[nodiscard]] std::string notice_of(const Record& record, unsigned used_percent);

}  // namespace stratify::updater
