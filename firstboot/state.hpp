// The claim as one table: in which state what happens, and what follows.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace stratify::firstboot {

enum class State {
  kUnclaimed,   // the window is open, the code is on the consoles
  kClosed,      // the hour is over or too many codes were wrong
  kAccepted,    // the domain is on disk: from here on the machine has an owner
  kSecrets,     // the owner's password and the keys exist
  kConfigured,  // cloud.yaml is written
  kStarted,     // units are rendered and started
  kLive,        // every address has answered
  kDamaged,     // the journal cannot be read: nothing can be claimed
};

enum class Event {
  kCodeEntered,  // a web visitor sent a good domain and a code
  kClaimedHere,  // somebody at the console, a credential or cloud-init gave a good domain
  kWindowEnded,  // the window's time is over
  kReopened,     // somebody at the console asked for a new window
  kSecretsMade,
  kConfigurationWritten,
  kStackStarted,
  kHealthSeen,
  kPasswordLost,     // the first password left our memory, by a restart or by wish of the owner
  kStoreUnreadable,  // the journal does not parse, or may not be read
  kRepaired,         // somebody at the console set the unreadable journal aside
};

// What else has to be true for a transition.
enum class Guard {
  kNone,
  kRightCode,
  kWrongCode,
  kLastWrongCode,   // wrong, and no attempts are left
  kPasswordUnseen,  // nobody has seen the first password yet
  kHasDomain,       // cloud.yaml names a domain, so the machine was claimed before
  kHasNoDomain,
};

struct Transition {
  State from;
  Event event;
  Guard guard;
  State to;
};

inline constexpr std::array kTransitions{
    Transition{State::kUnclaimed, Event::kCodeEntered, Guard::kRightCode, State::kAccepted},
    Transition{State::kUnclaimed, Event::kCodeEntered, Guard::kWrongCode, State::kUnclaimed},
    Transition{State::kUnclaimed, Event::kCodeEntered, Guard::kLastWrongCode, State::kClosed},
    Transition{State::kUnclaimed, Event::kClaimedHere, Guard::kNone, State::kAccepted},
    Transition{State::kUnclaimed, Event::kWindowEnded, Guard::kNone, State::kClosed},
    Transition{State::kUnclaimed, Event::kReopened, Guard::kNone, State::kUnclaimed},
    Transition{State::kUnclaimed, Event::kStoreUnreadable, Guard::kNone, State::kDamaged},
    Transition{State::kClosed, Event::kClaimedHere, Guard::kNone, State::kAccepted},
    Transition{State::kClosed, Event::kReopened, Guard::kNone, State::kUnclaimed},
    Transition{State::kClosed, Event::kStoreUnreadable, Guard::kNone, State::kDamaged},
    Transition{State::kAccepted, Event::kSecretsMade, Guard::kNone, State::kSecrets},
    Transition{State::kSecrets, Event::kConfigurationWritten, Guard::kNone, State::kConfigured},
    Transition{State::kConfigured, Event::kStackStarted, Guard::kNone, State::kStarted},
    Transition{State::kStarted, Event::kHealthSeen, Guard::kNone, State::kLive},
    Transition{State::kLive, Event::kHealthSeen, Guard::kNone, State::kLive},  // again, after each start
    // A password nobody has seen is made anew, and everything that depends on it is done again.
    Transition{State::kSecrets, Event::kPasswordLost, Guard::kPasswordUnseen, State::kAccepted},
    Transition{State::kConfigured, Event::kPasswordLost, Guard::kPasswordUnseen, State::kAccepted},
    Transition{State::kStarted, Event::kPasswordLost, Guard::kPasswordUnseen, State::kAccepted},
    Transition{State::kLive, Event::kPasswordLost, Guard::kPasswordUnseen, State::kAccepted},
    Transition{State::kDamaged, Event::kRepaired, Guard::kHasDomain, State::kAccepted},
    Transition{State::kDamaged, Event::kRepaired, Guard::kHasNoDomain, State::kUnclaimed},
};

// The state that follows, nullopt when the table has no such row.
[[nodiscard]] std::optional<State> next_state(State from, Event event, Guard guard = Guard::kNone);

// True for accepted and every state that follows it.
[[nodiscard]] bool has_owner(State state);

// Lower-case words, as the journal and the bus spell them.
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] std::string_view to_string(Event event);
[[nodiscard]] std::optional<State> parse_state(std::string_view word);

}  // namespace stratify::firstboot
