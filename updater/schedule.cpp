#include "updater/schedule.hpp"

#include <algorithm>

namespace stratify::updater {

namespace {

constexpr Time kHour = 3600;
constexpr Time kInspectEvery = kHour * 24 * 30;
constexpr Time kRest = 300;  // nothing is due: look again, whatever was missed

// What has to be finished, whatever the settings say; empty when nothing has.
std::string unfinished(State state) {
  switch (state) {
    case State::kSwitching:
      return "switch";
    case State::kBooted:
    case State::kOnTrial:
    case State::kCondemned:
    case State::kRolledBack:
    case State::kStuck:  // only to see whether it got healthy, ever more seldom
      return "judge";
    default:
      return {};
  }
}

Next switch_when_allowed(const Record& record, const stack::UpdateSettings& settings,
                         const Situation& situation) {
  if (situation.wish == Wish::kInstall) return {.verb = "switch", .wake = situation.now + kRest};
  if (!settings.automatic) return {.verb = {}, .wake = situation.now + kRest};
  const auto from = std::max(situation.now, record.deferred_until);
  const auto opens = from + stack::opens_in(settings.window, from);
  if (opens <= situation.now) return {.verb = "switch", .wake = situation.now + kRest};
  // The clock on the wall may be set meanwhile.
  return {.verb = {}, .wake = std::min(opens, situation.now + kHour)};
}

// In the window: it reads the disk for a while.
bool is_due_for_inspection(const Record& record, const stack::UpdateSettings& settings, Time now) {
  return record.inspected + kInspectEvery <= now && stack::opens_in(settings.window, now) == 0;
}

}  // namespace

Next next_step(const Record& record, const stack::UpdateSettings& settings, const Situation& situation) {
  if (situation.not_before > situation.now) return {.verb = {}, .wake = situation.not_before};
  if (auto verb = unfinished(record.state); !verb.empty())
    return {.verb = std::move(verb), .wake = situation.now + kRest};
  const bool looks = situation.next_check <= situation.now;
  if (looks && situation.wish != Wish::kNone) return {.verb = "check-by-hand", .wake = situation.now + kRest};
  if (looks && !settings.source.empty()) return {.verb = "check", .wake = situation.now + kRest};
  const bool goes_on = settings.automatic || situation.wish >= Wish::kPrepare;
  if (record.state == State::kStaged) return switch_when_allowed(record, settings, situation);
  if (is_before_the_switch(record.state) && goes_on)
    return {.verb = "advance", .wake = situation.now + kRest};
  if (is_due_for_inspection(record, settings, situation.now))
    return {.verb = "inspect", .wake = situation.now + kRest};
  const auto due = looks ? situation.now + kHour : situation.next_check;
  return {.verb = {}, .wake = std::max(due, situation.now + 1)};
}

Time check_interval(double share) { return 5 * kHour + static_cast<Time>(share * 2 * kHour); }

Time pause_after(unsigned failures) {
  constexpr Time kDay = 24 * kHour;
  Time pause = 60;
  for (unsigned i = 1; i < failures && pause < kDay; ++i) pause *= 3;
  return failures == 0 ? 0 : std::min(pause, kDay);
}

}  // namespace stratify::updater
