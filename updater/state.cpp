#include "updater/state.hpp"

#include <algorithm>
#include <utility>

namespace stratify::updater {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 14> kStates{{{State::kIdle, "idle"},
                                                                      {State::kChecked, "checked"},
                                                                      {State::kFetched, "fetched"},
                                                                      {State::kVerified, "verified"},
                                                                      {State::kPrepared, "prepared"},
                                                                      {State::kStaged, "staged"},
                                                                      {State::kSwitching, "switching"},
                                                                      {State::kBooted, "booted"},
                                                                      {State::kOnTrial, "on trial"},
                                                                      {State::kConfirmed, "confirmed"},
                                                                      {State::kCondemned, "condemned"},
                                                                      {State::kRollingBack, "rolling back"},
                                                                      {State::kRolledBack, "rolled back"},
                                                                      {State::kStuck, "stuck"}}};

constexpr std::array<std::pair<Event, std::string_view>, 18> kEvents{{{Event::kFound, "found"},
                                                                      {Event::kWithdrawn, "withdrawn"},
                                                                      {Event::kPulled, "pulled"},
                                                                      {Event::kMatched, "matched"},
                                                                      {Event::kFits, "fits"},
                                                                      {Event::kStaged, "staged"},
                                                                      {Event::kRefused, "refused"},
                                                                      {Event::kStageLost, "stage lost"},
                                                                      {Event::kBegun, "begun"},
                                                                      {Event::kNotSwitched, "not switched"},
                                                                      {Event::kStarted, "started"},
                                                                      {Event::kServicesUp, "services up"},
                                                                      {Event::kHealthy, "healthy"},
                                                                      {Event::kUnhealthy, "unhealthy"},
                                                                      {Event::kGoneBack, "gone back"},
                                                                      {Event::kRestored, "restored"},
                                                                      {Event::kSentBack, "sent back"},
                                                                      {Event::kSettled, "settled"}}};

}  // namespace

std::optional<State> next_state(State from, Event event) {
  const auto* const row = std::ranges::find_if(kTransitions, [&](const Transition& candidate) {
    return candidate.from == from && candidate.event == event;
  });
  if (row == kTransitions.end()) return std::nullopt;
  return row->to;
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

bool is_before_the_switch(State state) {
  return state == State::kChecked || state == State::kFetched || state == State::kVerified ||
         state == State::kPrepared || state == State::kStaged;
}

bool is_underway(State state) {
  return state == State::kSwitching || state == State::kBooted || state == State::kOnTrial ||
         state == State::kCondemned || state == State::kRollingBack;
}

}  // namespace stratify::updater
