#include "firstboot/claim.hpp"

#include <algorithm>

#include "platform/sha256.hpp"

namespace stratify::firstboot {

namespace {

using std::chrono::seconds;

Unexpected conflict(std::string sentence) {
  return fail(Category::kConflict, "claim", "this machine", std::move(sentence));
}

seconds retry_delay(int failures) { return std::min(seconds(5) * failures, seconds(60)); }

std::string in_words(seconds wait) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(wait).count();
  return std::to_string(minutes) + (minutes == 1 ? " minute" : " minutes");
}

}  // namespace

Claim::Claim(Parts parts) : parts_(std::move(parts)), attempts_(parts_.clock) { begin(); }

void Claim::begin() {
  auto record = parts_.journal.load();
  if (!record) return become_damaged(record.error().message());
  if (*record) return resume(std::move(**record));
  // A configured domain without a journal means that the journal was lost, not that the machine is new.
  const auto configured = parts_.configured_domain();
  if (!configured) return become_damaged(configured.error().message());
  if (*configured) return become_damaged("the machine has a domain, but the claim's journal is gone");
  open_window();
}

void Claim::become_damaged(std::string why) {
  state_ = next_state(State::kUnclaimed, Event::kStoreUnreadable).value_or(State::kDamaged);
  damage_ = std::move(why);
}

void Claim::resume(Record record) {
  state_ = record.state;
  record_ = std::move(record);
  if (record_->password_shown) {
    record_->session.clear();
    return;
  }
  // Failing to write that down is harmless: the next start comes to the same conclusion.
  if (!advance(Event::kPasswordLost, Guard::kPasswordUnseen)) state_ = record_->state = State::kAccepted;
}

void Claim::open_window() {
  state_ = State::kUnclaimed;
  code_ = ClaimCode::make(parts_.random);
  attempts_.forget();
  ++windows_;
  window_ends_ = parts_.clock() + kWindow;
}

// Moves along the table and writes the new state down first: what is not on disk has not happened.
Result<void> Claim::advance(Event event, Guard guard) {
  const auto next = next_state(state_, event, guard);
  if (!next) {
    return conflict(std::string(to_string(event)) + " has no meaning while it is " +
                    std::string(to_string(state_)));
  }
  if (*next != state_) {
    auto record = *record_;
    record.state = *next;
    TRY(parts_.journal.store(record));
    record_ = std::move(record);
    state_ = *next;
  }
  answering_ = event == Event::kHealthSeen;
  failures_ = 0;
  step_text_.clear();
  return {};
}

Status Claim::status() const {
  Status status{.state = state_,
                .step_text = state_ == State::kDamaged ? damage_ : step_text_,
                .window = windows_,
                .notice = notice_,
                .answering = answering_};
  if (record_) {
    status.domain = record_->domain.ascii();
    status.domain_shown = record_->domain.unicode();
    status.home = record_->domain.kind() == stack::DomainKind::kHome;
    status.step = static_cast<int>(state_) - static_cast<int>(State::kAccepted) + 1;
    status.password_available = first_password().has_value();
  }
  if (state_ == State::kUnclaimed) {
    status.window_closes_in = std::max(seconds(0), std::chrono::ceil<seconds>(window_ends_ - parts_.clock()));
  }
  return status;
}

Result<std::string> Claim::code() const {
  if (state_ != State::kUnclaimed) return conflict("There is no code while the window is closed.");
  return code_->shown();
}

Result<void> Claim::refuse_unless_claimable() const {
  if (state_ == State::kDamaged)
    return conflict("What this machine knows about its owner cannot be read. Repair it at its console.");
  if (has_owner(state_)) return conflict("This machine already has an owner.");
  return {};
}

Error Claim::wrong_code(std::string_view peer) {
  const auto guard = attempts_.next_is_last() ? Guard::kLastWrongCode : Guard::kWrongCode;
  attempts_.count_wrong(peer);
  state_ = next_state(state_, Event::kCodeEntered, guard).value_or(state_);
  if (state_ == State::kClosed) code_.reset();
  return {Category::kPermission, "claim", "this machine",
          "This code is not right. Look at the screen of the machine or at its serial console."};
}

Result<Secret> Claim::claim_with_code(std::string_view typed, std::string_view code, std::string_view peer) {
  tick();
  TRY(refuse_unless_claimable());
  if (state_ == State::kClosed)
    return conflict("The time to claim is over. Restart the machine, or press Enter at its console.");
  if (const auto wait = attempts_.locked_for(peer)) {
    return fail(Category::kTimeout, "claim", "this machine",
                "Too many wrong codes from your address. Try again in " + in_words(*wait) + ".");
  }
  // First, so that a mistyped domain costs no attempt; it tells a stranger nothing.
  auto domain = TRY(stack::Domain::parse(typed));
  if (!code_->matches(code)) return std::unexpected(wrong_code(peer));
  auto token = make_token(parts_.random);
  TRY(accept(
      Event::kCodeEntered, Guard::kRightCode,
      Record{.domain = std::move(domain), .way = Way::kWeb, .session = Sha256::of(token.reveal()).hex()}));
  return token;
}

Result<void> Claim::claim_here(std::string_view typed, Way way) {
  tick();
  TRY(refuse_unless_claimable());
  auto domain = stack::Domain::parse(typed);
  if (!domain) {
    if (way != Way::kConsole) {
      notice_ = "The domain “" + domain.error().object() + "” given by " + std::string(to_string(way)) +
                " was refused: " + domain.error().cause();
    }
    return std::unexpected(std::move(domain).error());
  }
  return accept(Event::kClaimedHere, Guard::kNone, Record{.domain = *std::move(domain), .way = way});
}

Result<void> Claim::accept(Event event, Guard guard, Record record) {
  const auto next = next_state(state_, event, guard);
  if (!next) return conflict("This machine cannot be claimed now.");
  record.state = *next;
  if (const auto stored = parts_.journal.store(record); !stored) {
    // The rename may have happened although the write did not end well: the disk decides.
    const auto found = parts_.journal.load();
    if (!found) become_damaged(found.error().message());
    if (!found || *found != record) return std::unexpected(stored.error());
  }
  state_ = *next;
  record_ = std::move(record);
  code_.reset();
  notice_.clear();
  return {};
}

Result<void> Claim::reopen() {
  TRY(refuse_unless_claimable());
  if (!next_state(state_, Event::kReopened)) return conflict("The window cannot be reopened now.");
  open_window();
  return {};
}

Result<void> Claim::repair() {
  if (state_ != State::kDamaged) return conflict("There is nothing to repair.");
  const auto domain = TRY(parts_.configured_domain());
  TRY(parts_.journal.set_aside());
  damage_.clear();
  if (!domain) {
    open_window();
    return {};
  }
  Record record{.domain = *domain, .way = Way::kConsole};
  TRY(parts_.journal.store(record));
  state_ = next_state(state_, Event::kRepaired, Guard::kHasDomain).value_or(State::kDamaged);
  record_ = std::move(record);
  return {};
}

Result<void> Claim::renew_password() {
  if (state_ != State::kLive) return conflict("A new password can be made once the cloud is live.");
  record_->password_shown = false;
  // Whoever listened when the machine was claimed holds the session too: from here on the console alone shows
  // it.
  record_->session.clear();
  password_ = Secret();
  return advance(Event::kPasswordLost, Guard::kPasswordUnseen);
}

bool Claim::has_work() const { return has_owner(state_) && !answering_; }

std::optional<State> Claim::due() const {
  if (!has_work() || parts_.clock() < retry_at_) return std::nullopt;
  return state_;
}

std::optional<stack::Domain> Claim::domain() const {
  if (!record_) return std::nullopt;
  return record_->domain;
}

void Claim::secrets_made(Secret password) {
  password_ = std::move(password);
  step_done(Event::kSecretsMade);
}

void Claim::step_done(Event event) {
  if (const auto advanced = advance(event); !advanced) step_failed(advanced.error());
}

void Claim::step_failed(const Error& error) {
  const auto delay = retry_delay(++failures_);
  retry_at_ = parts_.clock() + delay;
  step_text_ = error.message() + "; trying again in " + std::to_string(delay.count()) + " s";
}

bool Claim::knows_session(std::string_view token) const {
  return record_ && !record_->session.empty() &&
         equal_in_constant_time(Sha256::of(token).hex(), record_->session);
}

Result<std::string> Claim::first_password() const {
  if (state_ != State::kLive) return conflict("The password is shown when the cloud is live.");
  if (password_.empty()) return conflict("The password has been shown already.");
  return std::string(password_.reveal());
}

void Claim::password_was_shown() {
  password_ = Secret();
  record_->password_shown = true;
  if (const auto stored = parts_.journal.store(*record_); !stored) step_text_ = stored.error().message();
}

void Claim::tick() {
  if (state_ != State::kUnclaimed || parts_.clock() < window_ends_) return;
  state_ = next_state(state_, Event::kWindowEnded).value_or(state_);
  code_.reset();
}

std::optional<std::chrono::steady_clock::time_point> Claim::next_change() const {
  if (state_ == State::kUnclaimed) return window_ends_;
  if (has_work()) return retry_at_;
  return std::nullopt;
}

}  // namespace stratify::firstboot
