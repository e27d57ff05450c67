#include "firstboot/state.hpp"

#include <algorithm>
#include <utility>

namespace stratify::firstboot {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 8> kStates{{{State::kUnclaimed, "unclaimed"},
                                                                     {State::kClosed, "closed"},
                                                                     {State::kAccepted, "accepted"},
                                                                     {State::kSecrets, "secrets"},
                                                                     {State::kConfigured, "configured"},
                                                                     {State::kStarted, "started"},
                                                                     {State::kLive, "live"},
                                                                     {State::kDamaged, "damaged"}}};

constexpr std::array<std::pair<Event, std::string_view>, 11> kEvents{
    {{Event::kCodeEntered, "code entered"},
     {Event::kClaimedHere, "claimed here"},
     {Event::kWindowEnded, "window ended"},
     {Event::kReopened, "reopened"},
     {Event::kSecretsMade, "secrets made"},
     {Event::kConfigurationWritten, "configuration written"},
     {Event::kStackStarted, "stack started"},
     {Event::kHealthSeen, "health seen"},
     {Event::kPasswordLost, "password lost"},
     {Event::kStoreUnreadable, "store unreadable"},
     {Event::kRepaired, "repaired"}}};

}  // namespace

std::optional<State> next_state(State from, Event event, Guard guard) {
  const auto row = std::ranges::find_if(kTransitions, [&](const Transition& candidate) {
    return candidate.from == from && candidate.event == event && candidate.guard == guard;
  });
  if (row == kTransitions.end()) return std::nullopt;
  return row->to;
}

bool has_owner(State state) {
  return state != State::kUnclaimed && state != State::kClosed && state != State::kDamaged;
}

std::string_view to_string(State state) {
  return std::ranges::find(kStates, state, &std::pair<State, std::string_view>::first)->second;
}

std::string_view to_string(Event event) {
  return std::ranges::find(kEvents, event, &std::pair<Event, std::string_view>::first)->second;
}

std::optional<State> parse_state(std::string_view word) {
  const auto* const found = std::ranges::find(kStates, word, &std::pair<State, std::string_view>::second);
  if (found == kStates.end()) return std::nullopt;
  return found->first;
}

}  // namespace stratify::firstboot
