#include "firstboot/console_screen.hpp"

#include <algorithm>
#include <array>
#include <format>

#include "firstboot/qr.hpp"
#include "rescue/address.hpp"

namespace stratify::firstboot {

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kTextColumns = 48;  // left of the QR code

// Characters a terminal shows, counting UTF-8 sequences once.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

void append_wrapped(Lines& lines, std::string_view text, std::size_t width) {
  std::string line;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, space);
    if (!line.empty() && columns_of(line) + 1 + columns_of(word) > width)
      lines.push_back(std::exchange(line, {}));
    line += (line.empty() ? "" : " ") + std::string(word);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  if (!line.empty()) lines.push_back(std::move(line));
}

Lines beside(Lines left, const Lines& right) {
  left.resize(std::max(left.size(), right.size()));
  for (std::size_t i = 0; i < right.size(); ++i) {
    const auto used = columns_of(left[i]);
    left[i].append(used < kTextColumns ? kTextColumns - used : 1, ' ');
    left[i] += right[i];
  }
  return left;
}

std::string heading(const Facts& facts) { return "OpenHaven " + facts.version; }

void append_web_addresses(Lines& lines, const Facts& facts) {
  if (facts.addresses.empty()) lines.emplace_back("  (no network yet: connect a cable)");
  for (const auto& address : facts.addresses) lines.push_back("  http://" + address + "/");
}

std::string minutes_left(const Status& status) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(status.window_closes_in).count();
  return std::to_string(minutes) + (minutes == 1 ? " minute" : " minutes");
}

// A phone does not reach the loopback address of a virtual machine's host.
bool reached_by_phones(std::string_view address) {
  constexpr std::array<std::string_view, 3> kLoopback{"127.", "localhost", "[::1]"};
  return std::ranges::none_of(kLoopback, [&](auto begin) { return address.starts_with(begin); });
}

Lines unclaimed(const Facts& facts) {
  Lines lines{heading(facts), "", "This machine waits for its owner.", "", "In a browser open"};
  append_web_addresses(lines, facts);
  lines.insert(lines.end(), {"", "claim code: " + facts.code, ""});
  if (!facts.addresses.empty()) {
    lines.emplace_back(reached_by_phones(facts.addresses.front()) ? "Or scan this with a phone:"
                                                                  : "The same with the code in it:");
    lines.push_back("  " + claim_link(facts.addresses.front(), facts.code));
    lines.emplace_back();
  }
  append_wrapped(
      lines,
      "Or type your domain here and press Enter. The window closes in " + minutes_left(facts.status) + ".",
      kTextColumns - 2);
  if (!facts.addresses.empty() && reached_by_phones(facts.addresses.front())) {
    if (const auto qr = qr_lines(claim_link(facts.addresses.front(), facts.code))) lines = beside(lines, *qr);
  }
  if (!facts.status.notice.empty()) {
    lines.emplace_back();
    append_wrapped(lines, printable(facts.status.notice), 78);
  }
  return lines;
}

Lines closed(const Facts& facts) {
  return {heading(facts), "", "This machine waits for its owner, but the time to claim is over.", "",
          "Press Enter for a new code, or type your domain here and press Enter."};
}

Lines damaged(const Facts& facts) {
  Lines lines{heading(facts), "", "DAMAGED: what this machine remembers about its owner cannot be read.", ""};
  append_wrapped(lines, printable(facts.status.step_text), 78);
  lines.emplace_back();
  append_wrapped(lines,
                 "Nobody can claim it like this. Type 'repair' and press Enter: the unreadable file is set "
                 "aside, and the "
                 "machine goes on with the domain in /etc/openhaven/cloud.yaml, or can be claimed when it "
                 "never had one.",
                 78);
  return lines;
}

Lines claiming(const Facts& facts) {
  return {heading(facts), "", "Preparing " + printable(facts.status.domain_shown), ""};
}

Lines starting(const Facts& facts) {
  return {heading(facts), "", "Starting " + printable(facts.status.domain_shown), ""};
}

// In two lines: it has 95 characters.
void append_fingerprint(Lines& lines, const std::string& fingerprint) {
  constexpr std::size_t kHalf = 48;
  if (fingerprint.empty()) return;
  lines.emplace_back("  Compare its SHA-256 fingerprint:");
  lines.push_back("    " + printable(fingerprint.substr(0, kHalf)));
  if (fingerprint.size() > kHalf) lines.push_back("    " + printable(fingerprint.substr(kHalf)));
}

Lines live(const Facts& facts) {
  const auto url = facts.live ? facts.live->url : "https://" + facts.status.domain + "/";
  Lines lines{heading(facts), "", "Your cloud is live: " + printable(url), ""};
  if (facts.live) {
    for (const auto& address : facts.live->addresses) {
      lines.push_back("  " + printable(address.title) + ": " + printable(address.url));
    }
    if (facts.status.home) {
      lines.push_back("  Certificate to trust: " + printable(facts.live->authority_url));
      append_fingerprint(lines, facts.fingerprint);
    }
  }
  lines.insert(lines.end(), {"", "This machine"});
  append_web_addresses(lines, facts);
  lines.emplace_back();
  lines.emplace_back(facts.status.password_available
                         ? "Press Enter to show the owner's password once."
                         : "Lost the password? Type 'new password' and press Enter.");
  return lines;
}

// For the owner of a machine that no version is healthy on.
void append_rescue(Lines& lines, const Facts& facts) {
  if (facts.rescue.empty()) return;
  lines.insert(lines.end(), {"", "This machine needs you. What happened, and your data (name: owner):"});
  for (const auto& address : facts.addresses)
    lines.push_back(std::format("  https://{}:{}/", address, rescue::kPort));
  append_fingerprint(lines, facts.rescue);
}

Lines body(const Facts& facts) {
  if (!facts.answers) return {heading(facts), "", "Starting ..."};
  switch (facts.status.state) {
    case State::kUnclaimed:
      return unclaimed(facts);
    case State::kClosed:
      return closed(facts);
    case State::kDamaged:
      return damaged(facts);
    case State::kLive:
      return facts.status.answering ? live(facts) : starting(facts);
    default:
      return claiming(facts);
  }
}

// The claim was over when this machine started.
bool starts_again(const Status& status) { return status.state == State::kLive && !status.answering; }

}  // namespace

std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(
      clean, [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f; }, ' ');
  return clean;
}

std::string claim_link(const std::string& address, const std::string& code) {
  std::string letters = code;
  std::erase(letters, '-');
  return "http://" + address + "/#" + letters;
}

bool needs_redraw(const Facts& shown, const Facts& now) {
  const bool running = has_owner(shown.status.state) && !shown.status.answering;
  const bool still_running = has_owner(now.status.state) && !now.status.answering;
  if (shown.answers != now.answers || shown.rescue != now.rescue) return true;
  if (starts_again(shown.status) != starts_again(now.status)) return true;
  if (running && still_running) return false;
  auto same = now;
  // These alone are no reason: the time left is shown as it was when the screen was drawn.
  same.status.window_closes_in = shown.status.window_closes_in;
  same.status.step_text = shown.status.step_text;
  return !(same == shown);
}

Lines screen(const Facts& facts) {
  auto lines = body(facts);
  append_rescue(lines, facts);
  if (facts.note.empty()) return lines;
  lines.emplace_back();
  append_wrapped(lines, printable(facts.note), 78);
  return lines;
}

Lines progress_lines(const Status& shown, const Status& now) {
  Lines lines;
  const auto first =
      now.step < shown.step ? now.step : shown.step + 1;  // a claim that begins again starts over
  for (int step = first; step <= now.step && !starts_again(now); ++step) {
    const auto state = static_cast<State>(static_cast<int>(State::kAccepted) + step - 1);
    lines.push_back("claim: " + std::to_string(step) + "/" + std::to_string(kSteps) + " " +
                    std::string(to_string(state)));
  }
  if (!now.step_text.empty() && now.step_text != shown.step_text && has_owner(now.state)) {
    lines.push_back("  " + printable(now.step_text));
  }
  return lines;
}

}  // namespace stratify::firstboot
