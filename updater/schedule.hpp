// What the daemon does next by itself: a pure rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stack/configuration.hpp"
#include "updater/record.hpp"

namespace stratify::updater {

// How far the owner wants it to go now, whatever window and mode say.
enum class Wish {
  kNone,     // as the settings say
  kLook,     // read the list
  kPrepare,  // fetch the version and lay it out
  kInstall,  // switch to it
};

struct Situation {
  Time now = 0;
  Time next_check = 0;  // when a look at the list is due
  Time not_before = 0;  // after a failure; 0: at once
  Wish wish = Wish::kNone;
};

struct Next {
  std::string verb;  // of haven-update; empty: nothing to do now
  Time wake = 0;     // when to ask again
};

// The trial and what follows it first, then what is on its way, then a look at the list, then a monthly look
// at the disk. That one waits for the window, and so does the switch, which also waits for what the owner
// deferred.
[[nodiscard]] Next next_step(const Record& record, const stack::UpdateSettings& settings,
                             const Situation& situation);

// Between two looks at the list: six hours, give or take one, so that machines do not ask at the same time.
// share from 0 to 1.
[[nodiscard]] Time check_interval(double share);

// After so many failures in a row: minutes at first, a day at most.
[[nodiscard]] Time pause_after(unsigned failures);

}  // namespace stratify::updater
