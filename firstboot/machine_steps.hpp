// The steps of the claim on a real machine.
#pragma once

#include <chrono>
#include <filesystem>

#include "firstboot/steps.hpp"
#include "platform/bus.hpp"

namespace stratify::firstboot {

class MachineSteps final : public Steps {
 public:
  struct Options {
    std::filesystem::path root = "/";
    std::chrono::seconds limit{1200};  // for one unit to start; at boot it may wait for others
  };

  // units has to outlive it and is used on the thread of the steps alone.
  MachineSteps(Units& units, Options options) : units_(units), options_(std::move(options)) {}

  [[nodiscard]] Result<Secret> make_secrets(const stack::Domain& domain) override;
  [[nodiscard]] Result<void> write_configuration(const stack::Domain& domain) override;
  [[nodiscard]] Result<void> start_stack(const stack::Domain& domain, const Report& report) override;
  [[nodiscard]] Result<void> see_health(const stack::Domain& domain, const Report& report) override;

 private:
  [[nodiscard]] Result<void> restart(const char* unit, const Report& report);

  Units& units_;
  Options options_;
};

}  // namespace stratify::firstboot
