// What a console shows, as pure functions of what is known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firstboot/claim.hpp"
#include "stack/live.hpp"

namespace stratify::firstboot {

struct Facts {
  std::string version;                 // "0.1.0"
  std::vector<std::string> addresses;  // of the machine, IPv4 first, IPv6 in brackets
  Status status;
  std::string code;  // empty unless the window is open
  std::optional<stack::Live> live;
  std::string fingerprint;  // of the cloud's own authority, empty while it is unknown
  std::string note;         // what the host of a virtual machine has to say; may be empty
  std::string rescue;       // fingerprint of the rescue page's certificate; empty unless it is shown
  bool answers = true;      // haven-claim does

  friend bool operator==(const Facts&, const Facts&) = default;
};

// What makes the screen be drawn anew. Progress within a claim is appended instead.
[[nodiscard]] bool needs_redraw(const Facts& shown, const Facts& now);

// The whole screen, lines without line ends, at most 80 columns wide.
[[nodiscard]] std::vector<std::string> screen(const Facts& facts);

// The lines to append between two looks at a running claim: "claim: 2/5 secrets" for every step reached
// since, and what is being done. Machine tests read these on the serial console.
[[nodiscard]] std::vector<std::string> progress_lines(const Status& shown, const Status& now);

// "http://192.0.2.7/#K7QM3XWD": the code stays behind the #, which browsers do not send.
[[nodiscard]] std::string claim_link(const std::string& address, const std::string& code);

// Printable text only, so that nothing on the screen can steer the terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace stratify::firstboot
