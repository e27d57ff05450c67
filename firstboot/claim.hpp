// The claim itself: who may name the domain, what is remembered, what has to be done next. Knows no bus, no
// thread and no file but its journal.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "firstboot/attempts.hpp"
#include "firstboot/code.hpp"
#include "firstboot/journal.hpp"
#include "firstboot/state.hpp"

namespace stratify::firstboot {

inline constexpr std::chrono::minutes kWindow{60};
inline constexpr int kSteps = 5;  // accepted, secrets, configured, started, live

// What everybody who may ask at all may know.
struct Status {
  State state = State::kUnclaimed;
  std::string domain;        // A-labels, empty without an owner
  std::string domain_shown;  // as a person reads it
  bool home = false;         // the domain is one of those that only exist at home
  int step = 0;              // of kSteps, 0 without an owner
  std::string step_text;     // what is being done, or why it has to be tried again
  int window = 0;            // how often the window was opened; a new window has a new code
  std::chrono::seconds window_closes_in{0};
  bool password_available = false;
  std::string notice;      // why the domain of the credential or of cloud-init was refused
  bool answering = false;  // live, and every address has been seen to answer since haven-claim started

  friend bool operator==(const Status&, const Status&) = default;
};

class Claim {
 public:
  struct Parts {
    Journal journal;
    MonotonicClock clock;
    Random random = fill_randomly;
    // The domain in the owner's configuration, if there is one: the second witness of an earlier claim.
    std::function<Result<std::optional<stack::Domain>>()> configured_domain;
  };

  // Reads the journal and opens the window, goes on with an accepted claim, or is damaged.
  explicit Claim(Parts parts);

  [[nodiscard]] Status status() const;

  // The code as the consoles show it. kConflict when the window is not open.
  [[nodiscard]] Result<std::string> code() const;

  // A claim over the network; gives the session token. kInvalidInput for the domain, kPermission for a wrong
  // code, kTimeout for a locked address, kConflict when there is nothing to claim, kIo and kNoSpace when the
  // disk refuses.
  [[nodiscard]] Result<Secret> claim_with_code(std::string_view domain, std::string_view code,
                                               std::string_view peer);

  // A claim by somebody who holds the machine itself.
  [[nodiscard]] Result<void> claim_here(std::string_view domain, Way way);

  // A new window with a new code. kConflict when there is an owner or damage.
  [[nodiscard]] Result<void> reopen();

  // Sets an unreadable journal aside. The machine then goes on with its configured domain, or is unclaimed.
  [[nodiscard]] Result<void> repair();

  // Makes a new first password for an owner who has lost it.
  [[nodiscard]] Result<void> renew_password();

  // The state whose step is to be run now, nullopt when there is nothing to do or a retry is not due yet.
  // Live is due once after each start: whether the addresses answer again has to be seen again.
  [[nodiscard]] std::optional<State> due() const;
  [[nodiscard]] std::optional<stack::Domain> domain() const;
  void secrets_made(Secret password);
  void step_done(Event event);
  void step_failed(const Error& error);
  void report(std::string_view line) { step_text_ = line; }

  [[nodiscard]] bool knows_session(std::string_view token) const;

  // The owner's first password, while it is in memory and nobody has seen it. Call password_was_shown() after
  // it has been handed over: a power cut in between makes a new one instead of locking the owner out.
  [[nodiscard]] Result<std::string> first_password() const;
  void password_was_shown();

  // Closes the window when its time is over. next_change() says when to call again.
  void tick();
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_change() const;

 private:
  [[nodiscard]] Result<void> refuse_unless_claimable() const;
  [[nodiscard]] Result<void> accept(Event event, Guard guard, Record record);
  [[nodiscard]] Error wrong_code(std::string_view peer);
  void begin();
  void resume(Record record);
  void become_damaged(std::string why);
  void open_window();
  [[nodiscard]] Result<void> advance(Event event, Guard guard = Guard::kNone);
  [[nodiscard]] bool has_work() const;

  Parts parts_;
  State state_ = State::kUnclaimed;
  Attempts attempts_;
  std::optional<ClaimCode> code_;
  std::optional<Record> record_;
  Secret password_;
  std::string step_text_;
  std::string notice_;
  std::string damage_;
  bool answering_ = false;
  int failures_ = 0;
  int windows_ = 0;
  std::chrono::steady_clock::time_point window_ends_;
  std::chrono::steady_clock::time_point retry_at_;
};

}  // namespace stratify::firstboot
