// A machine to apply to: systemd with Quadlet's generator and podman's secrets, both noticing misuse.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "platform/bus.hpp"
#include "platform/file.hpp"
#include "platform/podman.hpp"

namespace stratify::stack::tests {

// Knows the units whose .container files lay below root at the last reload. Starting one from a file that has
// changed since, reloading one that does not run, or starting one anew that is just coming up, fails the
// test.
class FakeSystemd final : public Units {
 public:
  explicit FakeSystemd(std::filesystem::path root) : folder_(std::move(root) / "run/containers/systemd") {}

  std::vector<std::string> log;         // "reload-all", "start caddy.service", ...
  std::map<std::string, int> failures;  // how often the next jobs of a unit fail
  std::set<std::string> running;
  std::set<std::string> coming_up;  // activating, until the next job
  bool hangs = false;               // jobs never end

  Result<void> reload_all() override {
    log.emplace_back("reload-all");
    known_.clear();
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() != ".container") continue;
      known_[entry.path().stem().string() + ".service"] = *read_file(entry.path());
    }
    return {};
  }

  Result<void> run(std::span<const UnitJob> jobs, std::chrono::seconds /*limit*/,
                   const JobListener& listener) override {
    for (const auto& job : jobs) {
      log.push_back(std::string(to_string(job.verb)) + " " + job.unit);
      if (hangs)
        return fail(Category::kTimeout, std::string(to_string(job.verb)), job.unit, "not done in time");
      const auto end = end_of(job);
      if (listener.on_finished) listener.on_finished(job, end);
    }
    return {};
  }

  Result<UnitState> state(const std::string& unit) override {
    return UnitState{.load = known_.contains(unit) ? "loaded" : "not-found",
                     .active = coming_up.contains(unit) ? "activating"
                               : running.contains(unit) ? "active"
                                                        : "inactive"};
  }

  Result<std::string> system_state() override { return "running"; }
  Result<void> reset_failed(const std::string& /*unit*/) override { return {}; }

 private:
  std::string end_of(const UnitJob& job) {
    if (job.verb == UnitVerb::kStop) return running.erase(job.unit) == 1 ? "done" : "skipped";
    const auto file = folder_ / (job.unit.substr(0, job.unit.rfind('.')) + ".container");
    EXPECT_EQ(read_file(file).value_or("no file"), known_[job.unit])
        << job.unit << " starts from a stale unit";
    EXPECT_TRUE(job.verb != UnitVerb::kReload || running.contains(job.unit)) << job.unit << " does not run";
    EXPECT_FALSE(coming_up.erase(job.unit) == 1 && job.verb == UnitVerb::kRestart)
        << job.unit << " does not hear that it has to stop";
    if (failures[job.unit]-- > 0) return "failed";
    running.insert(job.unit);
    return "done";
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> known_;
};

class FakePodman final : public Podman {
 public:
  std::map<std::string, std::string> data;
  int written = 0;

  Result<std::map<std::string, std::string>> secrets() override { return labels_; }
  Result<void> set_secret(const std::string& name, const std::string& text,
                          const std::string& label) override {
    EXPECT_EQ(label.find(text), std::string::npos) << "a label tells the secret";
    data[name] = text;
    labels_[name] = label;
    ++written;
    return {};
  }
  Result<void> remove_secret(const std::string& name) override {
    labels_.erase(name);
    if (data.erase(name) == 1) return {};
    return fail(Category::kNotFound, "remove", name, "no such secret");
  }

 private:
  std::map<std::string, std::string> labels_;
};

}  // namespace stratify::stack::tests
