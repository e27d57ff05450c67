// The state of updates in words.
#pragma once

#include <string>
#include <vector>

#include "control/cli/updater_client.hpp"
#include "updater/data_sets.hpp"

namespace stratify::control {

// Several lines: what runs, what is under way, how the last update ended, what is kept, what to do.
[[nodiscard]] std::string describe(const UpdaterView& view, const std::string& running,
                                   const std::vector<updater::DataSet>& sets);

// "stopping 0.4 s, snapshots 0.1 s, boot menu 2.3 s, restart 21.0 s, services 9.8 s: 33.6 s in all"; empty
// unless the moments of a whole switch are there.
[[nodiscard]] std::string downtime_of(const updater::Record& record);

}  // namespace stratify::control
