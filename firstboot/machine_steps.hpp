// The steps of the claim on a real machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "firstboot/steps.hpp"
#include "platform/bus.hpp"

namespace stratify::firstboot {

class MachineSteps final : public Steps {
 public:
  struct Options {
    std::filesystem::path root = "/";
    std::chrono::seconds start_limit{600};
    std::chrono::seconds health_limit{180};
    std::chrono::milliseconds look_every{500};
  };

  // jobs starts units and blocks meanwhile, watch looks at them from another thread: two connections.
  MachineSteps(Units& jobs, Units& watch, Options options)
      : jobs_(jobs), watch_(watch), options_(std::move(options)) {}

  [[nodiscard]] Result<Secret> make_secrets(const stack::Domain& domain) override;
  [[nodiscard]] Result<void> write_configuration(const stack::Domain& domain) override;
  [[nodiscard]] Result<void> start_stack(const stack::Domain& domain, const Report& report) override;
  [[nodiscard]] Result<void> see_health(const stack::Domain& domain, const Report& report) override;

 private:
  [[nodiscard]] Result<std::vector<std::string>> waiting_for();
  Units& jobs_;
  Units& watch_;
  Options options_;
};

}  // namespace stratify::firstboot
