// An update as one table: in which state what happens, and what follows.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace stratify::updater {

enum class State {
  kIdle,         // nothing is under way
  kChecked,      // a signed list names a version to go to
  kFetched,      // all objects of that version are in the repository
  kVerified,     // its commit is signed, and is what the list says
  kPrepared,     // there is room, /etc will merge, the images it needs are here
  kStaged,       // its tree lies beside the running one, locked: no restart can switch to it by itself
  kSwitching,    // services stop, data is snapshotted, the boot menu turns
  kBooted,       // the new version runs; its services come up
  kOnTrial,      // its services are watched
  kConfirmed,    // it stays
  kCondemned,    // it may not stay: the next start is of the version before
  kRollingBack,  // the version before runs and takes the data back to what it was
  kRolledBack,   // as if it had never been tried; the version before is watched
  kStuck,        // the version before is not healthy either: nothing is done by itself any more
};

enum class Event {
  kFound,        // a list was read, and there is a version to go to
  kWithdrawn,    // the list was read again, and this version is no longer one to go to
  kPulled,       // its objects have arrived
  kMatched,      // signature and list agree with what arrived
  kFits,         // space, /etc and images were looked at
  kStaged,       // the tree is laid out
  kRefused,      // a step found that this version cannot be installed; the reason is recorded
  kStageLost,    // a restart came first: what is staged does not outlive it
  kBegun,        // the owner or the window says now
  kNotSwitched,  // the old version runs and the new one is not in the boot menu
  kStarted,      // this start is of the new version
  kServicesUp,   // every unit that ran before the update runs
  kHealthy,      // ... and stayed so for the whole window
  kUnhealthy,    // ... or did not
  kGoneBack,     // this start is of the version before, while the new one stood first in the menu
  kRestored,     // data, boot menu and boot environment are the old version's again
  kSentBack,     // the owner asks for the version before
  kSettled,      // nothing is left to do or to tell
};

struct Transition {
  State from;
  Event event;
  State to;
};

inline constexpr std::array kTransitions{
    Transition{State::kIdle, Event::kFound, State::kChecked},
    Transition{State::kIdle, Event::kSentBack, State::kCondemned},
    // Forward, step by step. Whatever is found on the way, the running version is not touched.
    Transition{State::kChecked, Event::kFound, State::kChecked},
    Transition{State::kChecked, Event::kWithdrawn, State::kIdle},
    Transition{State::kChecked, Event::kPulled, State::kFetched},
    Transition{State::kChecked, Event::kRefused, State::kIdle},
    Transition{State::kFetched, Event::kFound, State::kChecked},
    Transition{State::kFetched, Event::kWithdrawn, State::kIdle},
    Transition{State::kFetched, Event::kMatched, State::kVerified},
    Transition{State::kFetched, Event::kRefused, State::kIdle},
    Transition{State::kVerified, Event::kFound, State::kChecked},
    Transition{State::kVerified, Event::kWithdrawn, State::kIdle},
    Transition{State::kVerified, Event::kFits, State::kPrepared},
    Transition{State::kVerified, Event::kRefused, State::kIdle},
    Transition{State::kPrepared, Event::kFound, State::kChecked},
    Transition{State::kPrepared, Event::kWithdrawn, State::kIdle},
    Transition{State::kPrepared, Event::kStaged, State::kStaged},
    Transition{State::kPrepared, Event::kRefused, State::kIdle},
    Transition{State::kStaged, Event::kFound, State::kChecked},
    Transition{State::kStaged, Event::kWithdrawn, State::kIdle},
    Transition{State::kStaged, Event::kStageLost, State::kVerified},
    Transition{State::kStaged, Event::kBegun, State::kSwitching},
    // The switch. What cannot be finished is undone.
    Transition{State::kSwitching, Event::kNotSwitched, State::kVerified},
    Transition{State::kSwitching, Event::kRefused, State::kIdle},
    Transition{State::kSwitching, Event::kStarted, State::kBooted},
    Transition{State::kSwitching, Event::kGoneBack, State::kRollingBack},
    // The trial. GRUB counts its starts; every way out but health leads back.
    Transition{State::kBooted, Event::kStarted, State::kBooted},
    Transition{State::kBooted, Event::kServicesUp, State::kOnTrial},
    Transition{State::kBooted, Event::kUnhealthy, State::kCondemned},
    Transition{State::kBooted, Event::kSentBack, State::kCondemned},
    Transition{State::kBooted, Event::kGoneBack, State::kRollingBack},
    Transition{State::kOnTrial, Event::kStarted, State::kBooted},
    Transition{State::kOnTrial, Event::kHealthy, State::kConfirmed},
    Transition{State::kOnTrial, Event::kUnhealthy, State::kCondemned},
    Transition{State::kOnTrial, Event::kSentBack, State::kCondemned},
    Transition{State::kOnTrial, Event::kGoneBack, State::kRollingBack},
    Transition{State::kConfirmed, Event::kSettled, State::kIdle},
    // Back. Only the version before does it, so nothing depends on the new one.
    Transition{State::kCondemned, Event::kStarted, State::kCondemned},
    Transition{State::kCondemned, Event::kGoneBack, State::kRollingBack},
    Transition{State::kRollingBack, Event::kGoneBack, State::kRollingBack},
    Transition{State::kRollingBack, Event::kRestored, State::kRolledBack},
    Transition{State::kRolledBack, Event::kHealthy, State::kIdle},
    Transition{State::kRolledBack, Event::kUnhealthy, State::kStuck},
    Transition{State::kStuck, Event::kHealthy, State::kIdle},
    Transition{State::kStuck, Event::kFound, State::kChecked},
};

// The state that follows, nullopt when the table has no such row.
[[nodiscard]] std::optional<State> next_state(State from, Event event);

// Words as the record, the bus and the journal spell them: "on trial", "rolled back".
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] std::string_view to_string(Event event);
[[nodiscard]] std::optional<State> parse_state(std::string_view word);

// Before the switch: another version may still take this one's place.
[[nodiscard]] bool is_before_the_switch(State state);

// From the first step of the switch until the verdict is carried out: nothing else may begin.
[[nodiscard]] bool is_underway(State state);

}  // namespace stratify::updater
