// haven-console: one terminal on which the machine shows itself and takes a domain.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "firstboot/claim_api.hpp"
#include "firstboot/console_screen.hpp"

namespace stratify::firstboot {

class Console {
 public:
  struct Parts {
    std::string version;
    std::string note;  // as in Facts
    std::function<std::string()> rescue;
    std::function<std::vector<std::string>()> addresses;
    std::function<std::optional<stack::Live>()> live;
    std::function<std::string()> fingerprint;
    std::function<void(std::string_view)> write;  // to the terminal
  };

  // claim has to outlive it.
  Console(ClaimApi& claim, Parts parts) : claim_(claim), parts_(std::move(parts)) {}

  // Looks at everything and shows what has changed. Draws nothing when nothing has.
  void refresh();

  // A line somebody typed and ended with Enter.
  void typed(std::string_view line);

 private:
  [[nodiscard]] Facts look();
  void draw(const Facts& facts);
  void say(std::string_view line);
  void say(const Result<void>& outcome);
  void show_password();

  ClaimApi& claim_;
  Parts parts_;
  Facts shown_;
  bool drawn_ = false;
  bool holds_ = false;  // the password is on the screen: nothing is written until somebody presses Enter
};

}  // namespace stratify::firstboot
