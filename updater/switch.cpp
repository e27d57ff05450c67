// The switch: from a staged version to a restart into it. Whatever fails is undone, and the services come
// back.
#include <ctime>
#include <format>

#include "updater/update.hpp"

namespace stratify::updater {

namespace {

// "20261126-031502-before-0.2.0": sorts by time, says what for.
std::string name_of_set(Time now, const std::string& version) {
  std::tm utc{};
  const std::time_t time = now;
  ::gmtime_r(&time, &utc);
  return std::format("{:04}{:02}{:02}-{:02}{:02}{:02}-before-{}", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, version);
}

}  // namespace

Result<void> Update::switch_over() {
  if (record_.state == State::kSwitching) return resume_switch();
  if (record_.state != State::kStaged) {
    return fail(Category::kConflict, "switch to", "the new version",
                "no version lies ready (the update is " + std::string(to_string(record_.state)) + ")");
  }
  const auto view = TRY(effects_.boot.look());
  if (view.staged != record_.trial)
    return go(Event::kStageLost, "what was laid out is gone; it is laid out anew");
  record_.ailing = TRY(effects_.services.ailing());
  record_.previous = view.running;
  record_.data_set = name_of_set(now(), record_.target->version);
  record_.restore_data = true;
  record_.starts = 0;
  record_.moments.clear();
  note_moment("begun");
  TRY(go(Event::kBegun, std::format("from {} to {}", view.running.version, record_.target->version)));
  const auto turned = turn_machine();
  if (!turned) return undo_switch(turned.error());
  return effects_.services.restart_machine();
}

// The process that switched has died, and the machine has not.
Result<void> Update::resume_switch() {
  const auto view = TRY(effects_.boot.look());
  if (!view.menu.empty() && view.menu.front() == record_.trial) return effects_.services.restart_machine();
  return undo_switch(Error(Category::kUnavailable, "switch to", record_.target->version,
                           "the updater was ended in the middle; the switch is begun anew"));
}

Result<void> Update::turn_machine() {
  TRY(effects_.services.stop());
  note_moment("stopped");
  TRY(effects_.data.take(record_.data_set, *record_.target));
  note_moment("snapshotted");
  TRY(effects_.boot.announce_trial(record_.trial));
  TRY(effects_.boot.turn_to(record_.trial));
  note_moment("turned");
  return store_.save(record_);
}

Result<void> Update::undo_switch(const Error& error) {
  // Services first: people wait for them. Each part is tried, whatever the others say.
  const auto started = effects_.services.start();
  const auto undone = not_switched(error.message());
  if (!started) return std::unexpected(error.and_then_failed(started.error()));
  if (!undone) return std::unexpected(error.and_then_failed(undone.error()));
  return std::unexpected(error);
}

Result<void> Update::not_switched(const std::string& reason) {
  TRY(effects_.boot.unstage());
  TRY(effects_.boot.forget_trial());
  TRY(effects_.data.discard(record_.data_set));
  record_.data_set.clear();
  record_.trial.clear();
  if (++record_.attempts < kMostAttempts) return go(Event::kNotSwitched, reason);
  record_.reason = reason;
  end_with("refused");
  forget_target();
  return go(Event::kRefused, reason);
}

}  // namespace stratify::updater
