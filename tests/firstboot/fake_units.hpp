// systemd as a table of unit states.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/bus.hpp"

namespace stratify::firstboot::tests {

class FakeUnits final : public Units {
 public:
  std::map<std::string, UnitState> states;
  std::vector<UnitJob> jobs;  // as they were asked for
  std::string job_result = "done";

  Result<void> reload_all() override { return {}; }
  Result<void> run(std::span<const UnitJob> wanted, std::chrono::seconds /*limit*/,
                   const OnFinished& on_finished) override {
    for (const auto& job : wanted) {
      jobs.push_back(job);
      on_finished(job, job_result);
    }
    return {};
  }
  Result<UnitState> state(const std::string& unit) override {
    if (const auto found = states.find(unit); found != states.end()) return found->second;
    return UnitState{
        .load = "not-found", .active = "inactive", .sub = "dead", .result = "", .status_text = ""};
  }
  Result<void> reset_failed(const std::string& /*unit*/) override { return {}; }
};

}  // namespace stratify::firstboot::tests
