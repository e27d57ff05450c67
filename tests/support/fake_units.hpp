// systemd as a table of unit states.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/bus.hpp"

namespace stratify::tests {

class FakeUnits final : public Units {
 public:
  std::map<std::string, UnitState> states;
  std::vector<UnitJob> jobs;  // as they were asked for
  std::string job_result = "done";
  std::string system = "running";
  std::vector<std::string> says;  // what every service says while its job runs

  Result<void> reload_all() override { return {}; }
  Result<void> run(std::span<const UnitJob> wanted, std::chrono::seconds /*limit*/,
                   const JobListener& listener) override {
    for (const auto& job : wanted) {
      jobs.push_back(job);
      for (const auto& text : says) {
        states[job.unit].status_text = text;
        if (listener.on_status) listener.on_status(text);
      }
      listener.on_finished(job, job_result);
    }
    return {};
  }
  Result<UnitState> state(const std::string& unit) override {
    if (const auto found = states.find(unit); found != states.end()) return found->second;
    return UnitState{
        .load = "not-found", .active = "inactive", .sub = "dead", .result = "", .status_text = ""};
  }
  Result<std::string> system_state() override { return system; }
  Result<void> reset_failed(const std::string& /*unit*/) override { return {}; }
};

}  // namespace stratify::tests
