// From the list of releases to a staged version. The running version is not touched.
#include <format>

#include "updater/update.hpp"

namespace stratify::updater {

namespace {

// What trying again cannot mend while the version and the machine stay as they are.
bool is_final(const Error& error) {
  return error.category() == Category::kVerification || error.category() == Category::kInvalidInput;
}

}  // namespace

Result<void> Update::check(bool by_hand) {
  if (is_underway(record_.state)) {
    return fail(Category::kConflict, "look for", "a new version",
                "an update is " + std::string(to_string(record_.state)) + "; wait until it has ended");
  }
  const auto listed = TRY(effects_.source.list(record_, by_hand));
  auto& seen = record_.serials[listed.channel];
  seen = std::max(seen, listed.serial);
  if (listed.target) return found(*listed.target, listed.reason);
  if (!is_before_the_switch(record_.state)) {
    record_.reason = listed.reason;
    return store_.save(record_);
  }
  return withdraw(listed.reason);
}

Result<void> Update::withdraw(const std::string& reason) {
  TRY(effects_.boot.unstage());
  forget_target();
  return go(Event::kWithdrawn, reason);
}

Result<void> Update::found(const Target& target, const std::string& reason) {
  if (is_before_the_switch(record_.state) && record_.target == target) return store_.save(record_);
  if (record_.state == State::kStaged) TRY(effects_.boot.unstage());
  // What rolled back or was confirmed has been told; a new version begins anew.
  if (record_.state == State::kConfirmed) TRY(go(Event::kSettled, "the next version is at hand"));
  if (record_.state == State::kRolledBack) TRY(go(Event::kHealthy, "the next version is at hand"));
  if (record_.state == State::kStuck) offer_rescue(false);
  record_.target = target;
  record_.trial.clear();
  record_.attempts = 0;
  record_.moments.clear();
  record_.etc_kept.clear();
  return go(Event::kFound, reason);
}

void Update::forget_target() {
  record_.target.reset();
  record_.trial.clear();
  record_.attempts = 0;
}

Result<void> Update::advance() {
  while (is_before_the_switch(record_.state) && record_.state != State::kStaged) {
    const auto done = next_step();
    if (done) continue;
    if (!is_final(done.error())) return done;  // the state stays: the next attempt goes on from here
    TRY(refuse(done.error()));
    return done;
  }
  return {};
}

Result<void> Update::next_step() {
  const auto& target = *record_.target;
  switch (record_.state) {
    case State::kChecked:
      TRY(effects_.source.fetch(target));
      return go(Event::kPulled, "everything of " + target.version + " is here");
    case State::kFetched:
      TRY(effects_.source.verify(target));
      return go(Event::kMatched, target.version + " is signed and is what the list says");
    case State::kVerified:
      TRY(note_images());
      record_.etc_kept = TRY(effects_.source.prepare(target));
      return go(Event::kFits, "there is room, /etc will merge, and every image is here");
    default:
      record_.trial = TRY(effects_.boot.stage(target));
      return go(Event::kStaged, target.version + " lies ready");
  }
}

// Before they are pulled: what nobody remembers, nobody removes.
Result<void> Update::note_images() {
  if (record_.target->images.empty()) return {};
  auto& names = record_.images[record_.target->version];
  names.clear();
  for (const auto& image : record_.target->images) names.push_back(image.name);
  return store_.save(record_);
}

// It is not noted as one that failed: what came may have been damaged on its way, and whoever can do that
// must not be able to keep this machine from the version for ever. The next look at the list finds it again.
Result<void> Update::refuse(const Error& error) {
  record_.reason = error.message();
  end_with("refused");
  forget_target();
  return go(Event::kRefused, error.message());
}

}  // namespace stratify::updater
