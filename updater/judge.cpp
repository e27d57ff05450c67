// The verdict over a version that has started.
#include <format>

#include "updater/update.hpp"

namespace stratify::updater {

Result<void> Update::judge() {
  if (record_.state == State::kBooted || record_.state == State::kOnTrial) return judge_new();
  if (record_.state == State::kCondemned) return leave();
  if (record_.state == State::kRolledBack || record_.state == State::kStuck) return judge_old();
  return {};
}

Result<void> Update::judge_new() {
  if (const auto up = effects_.services.come_up(record_.ailing); !up) return blame(up.error());
  note_moment("up");
  if (record_.state == State::kBooted)
    TRY(go(Event::kServicesUp, "every service runs; now they are watched"));
  if (const auto stayed = effects_.services.stay_up(record_.ailing); !stayed)
    return condemn(stayed.error().message());
  return confirm();
}

Result<void> Update::confirm() {
  TRY(effects_.boot.keep());
  record_.ailing = TRY(effects_.services.ailing());
  record_.floor_number = std::max(record_.floor_number, record_.target->number);
  record_.damaged.clear();  // what was missing came with this version
  record_.reason = "every service stayed healthy";
  record_.way_back = WayBack{.target = *record_.target,
                             .trial = record_.trial,
                             .previous = *record_.previous,
                             .data_set = record_.data_set};
  end_with("confirmed");
  TRY(go(Event::kHealthy, record_.target->version + " stays: every service stayed healthy"));
  TRY(tidy_images({record_.target->version, record_.previous->version}));
  return effects_.data.tidy({record_.data_set});
}

// Who could not be asked has not failed.
Result<void> Update::blame(const Error& error) {
  if (error.category() == Category::kUnavailable) return std::unexpected(error);
  return condemn(error.message());
}

Result<void> Update::condemn(const std::string& reason) {
  TRY(go(Event::kUnhealthy, reason));
  return leave();
}

Result<void> Update::leave() {
  TRY(effects_.boot.give_up(record_.trial));
  return effects_.services.restart_machine();
}

Result<void> Update::judge_old() {
  auto healthy = effects_.services.come_up(record_.ailing);
  if (healthy) healthy = effects_.services.stay_up(record_.ailing);
  if (healthy) {
    offer_rescue(false);
    forget_target();
    TRY(go(Event::kHealthy, "the version before is healthy"));
    return tidy_images({record_.previous->version});
  }
  if (record_.state != State::kStuck) {
    const auto reason = "neither version is healthy: " + healthy.error().message();
    record_.outcome->kind = "stuck";
    record_.outcome->reason += "; " + reason;
    TRY(go(Event::kUnhealthy, reason));
  }
  offer_rescue(true);
  return healthy;
}

// Without it the machine is no worse: it is told, and nothing else waits for it.
void Update::offer_rescue(bool wanted) {
  const auto done = effects_.services.show_rescue(wanted);
  if (!done) effects_.say(done.error().message());
}

Result<void> Update::send_back(bool restore_data) {
  const bool on_trial = record_.state == State::kBooted || record_.state == State::kOnTrial;
  if (!on_trial) TRY(take_way_back());
  const auto view = TRY(effects_.boot.look());
  if (view.running.deployment != record_.trial || view.menu.size() < 2) {
    return fail(Category::kNotFound, "go back to", record_.previous->version, "it is no longer on this disk");
  }
  record_.restore_data = restore_data;
  TRY(go(Event::kSentBack, "the owner asked for " + record_.previous->version));
  return leave();
}

// A version that was confirmed long ago is left as one on trial is.
Result<void> Update::take_way_back() {
  if (is_underway(record_.state) || !record_.way_back) {
    return fail(Category::kNotFound, "go back to", "the version before",
                "there is none on this disk that an update came from");
  }
  if (record_.state == State::kConfirmed) TRY(go(Event::kSettled, "it is to be left"));
  if (is_before_the_switch(record_.state)) {
    TRY(effects_.boot.unstage());
    TRY(go(Event::kWithdrawn, "the owner goes back instead"));
  }
  const auto& way = *record_.way_back;
  record_.target = way.target;
  record_.trial = way.trial;
  record_.previous = way.previous;
  record_.data_set = way.data_set;
  return {};
}

}  // namespace stratify::updater
