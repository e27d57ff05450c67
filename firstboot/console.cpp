#include "firstboot/console.hpp"

#include <algorithm>

namespace stratify::firstboot {

namespace {

constexpr std::string_view kClear = "\033[H\033[2J\033[3J";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() <= ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() <= ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Facts Console::look() {
  Facts facts{.version = parts_.version, .addresses = parts_.addresses(), .note = parts_.note};
  if (parts_.rescue) facts.rescue = parts_.rescue();
  const auto status = claim_.status();
  facts.answers = status.has_value();
  if (!status) return facts;
  facts.status = *status;
  if (facts.status.state == State::kUnclaimed) facts.code = claim_.code().value_or("");
  if (!facts.status.answering) return facts;
  facts.live = parts_.live();
  facts.fingerprint = parts_.fingerprint();
  return facts;
}

void Console::refresh() {
  if (holds_) return;
  const auto now = look();
  const bool redraw = !drawn_ || needs_redraw(shown_, now);
  // At the first look only where the claim stands now, not how it came there.
  const auto before = drawn_ ? shown_.status : Status{.step = std::max(0, now.status.step - 1)};
  const auto progress = now.answers ? progress_lines(before, now.status) : std::vector<std::string>();
  // The last step is told before the screen of the live cloud takes its place.
  const bool ends_claim = now.status.answering;
  if (ends_claim) {
    for (const auto& line : progress) say(line);
  }
  if (redraw) draw(now);
  if (!ends_claim) {
    for (const auto& line : progress) say(line);
  }
  shown_ = now;
  drawn_ = true;
}

void Console::draw(const Facts& facts) {
  std::string text(kClear);
  text += "\n";
  for (const auto& line : screen(facts)) text += line + "\n";
  parts_.write(text + "\n");
}

void Console::say(std::string_view line) { parts_.write(std::string(line) + "\n"); }

void Console::say(const Result<void>& outcome) {
  if (!outcome) say(printable(outcome.error().cause()));
}

void Console::show_password() {
  const auto password = claim_.first_password_here();
  if (!password) return say(printable(password.error().cause()));
  say("owner's name: owner");
  say("owner's first password: " + std::string(password->reveal()));
  say("Write it down and press Enter. It is kept nowhere.");
}

void Console::typed(std::string_view raw) {
  const auto line = trimmed(raw);
  const auto state = shown_.status.state;
  holds_ = false;
  if (!shown_.answers) return refresh();
  if (state == State::kClosed && line.empty()) {
    say(claim_.reopen());
  } else if (state == State::kDamaged) {
    if (line == "repair") say(claim_.repair());
  } else if (!has_owner(state)) {
    if (!line.empty()) say(claim_.claim_here(line));
  } else if (state == State::kLive && line == "new password") {
    say(claim_.renew_password());
  } else if (state == State::kLive && line.empty()) {
    if (shown_.status.password_available) {
      show_password();
      shown_.status.password_available = false;
      holds_ = true;
      return;
    }
    drawn_ = false;
  }
  refresh();
}

}  // namespace stratify::firstboot
