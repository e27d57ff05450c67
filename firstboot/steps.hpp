// What the claim does to the machine once the domain is accepted.
#pragma once

#include <functional>
#include <string_view>

#include "firstboot/secret.hpp"
#include "platform/error.hpp"
#include "stack/domain.hpp"

namespace stratify::firstboot {

// Called with one short line whenever there is something new to tell the person who waits.
using Report = std::function<void(std::string_view)>;

// Each step may be cut off anywhere and is then run again from its beginning. The real ones are MachineSteps;
// tests have fakes. Steps run on a thread of their own and may block for minutes.
class Steps {
 public:
  virtual ~Steps() = default;

  // Makes the keys and the owner's first password where the owner has not seen one yet, and returns that
  // password.
  [[nodiscard]] virtual Result<Secret> make_secrets(const stack::Domain& domain) = 0;

  // Writes the domain into the owner's configuration.
  [[nodiscard]] virtual Result<void> write_configuration(const stack::Domain& domain) = 0;

  // Renders and starts everything; returns when the start is over.
  [[nodiscard]] virtual Result<void> start_stack(const stack::Domain& domain, const Report& report) = 0;

  // Returns when every address of the cloud answers over TLS (stack/health.hpp). Also run when a machine that
  // is live has started again.
  [[nodiscard]] virtual Result<void> see_health(const stack::Domain& domain, const Report& report) = 0;
};

}  // namespace stratify::firstboot
