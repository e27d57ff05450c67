// At every start: which version is this, and what follows from it.
#include <algorithm>
#include <format>

#include "updater/update.hpp"

namespace stratify::updater {

Result<void> Update::start() {
  if (record_.state == State::kStaged)
    return go(Event::kStageLost, "the machine restarted before the switch; it is laid out anew");
  if (record_.state == State::kStuck) offer_rescue(true);
  if (!is_underway(record_.state)) return {};
  const auto view = TRY(effects_.boot.look());
  if (view.running.deployment == record_.trial) return started_new();
  return started_old(view);
}

Result<void> Update::started_new() {
  note_moment("started");
  if (record_.state == State::kRollingBack) {
    return fail(
        Category::kConflict, "go back from", record_.trial,
        "the new version was started while the old one was being restored; choose the second entry of "
        "the boot menu");
  }
  ++record_.starts;
  TRY(go(Event::kStarted, std::format("start {} of {}", record_.starts, record_.target->version)));
  if (record_.state != State::kCondemned) return {};
  // The boot loader did not take it back, so the order of the menu has to.
  return leave();
}

Result<void> Update::started_old(const BootView& view) {
  const bool was_in_the_menu = std::ranges::find(view.menu, record_.trial) != view.menu.end();
  if (record_.state == State::kRollingBack || was_in_the_menu) return roll_back(why_gone_back());
  if (record_.state == State::kSwitching)
    return not_switched("the power went before the boot menu had turned");
  // Somebody removed the new version by hand, after it had run: the data goes back as well.
  return roll_back("the new version is no longer on this disk");
}

std::string Update::why_gone_back() const {
  if (record_.state == State::kCondemned || record_.state == State::kRollingBack) return record_.reason;
  if (record_.starts == 0) return record_.target->version + " did not start";
  return std::format("{} started {} time{} and never came up", record_.target->version, record_.starts,
                     record_.starts == 1 ? "" : "s");
}

// Data first, while the menu still leads here by the count of starts; then the menu.
Result<void> Update::roll_back(const std::string& reason) {
  TRY(go(Event::kGoneBack, reason));
  const auto aside = record_.data_set + "-failed";
  const bool with_data = record_.restore_data && !record_.data_set.empty();
  if (with_data) TRY(effects_.data.take_back(record_.data_set, aside, *record_.target));
  TRY(effects_.boot.go_back_for_good(record_.trial));
  record_.failed.push_back({.commit = record_.target->commit,
                            .version = record_.target->version,
                            .reason = reason,
                            .when = now()});
  record_.way_back.reset();
  end_with("rolled back", with_data ? aside : std::string());
  note_moment("restored");
  return go(Event::kRestored, reason);
}

}  // namespace stratify::updater
