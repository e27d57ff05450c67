// Runs the worker's units, one at a time, on a thread of their own: waiting for a unit must not keep the bus
// waiting.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "platform/bus.hpp"
#include "platform/file.hpp"

namespace stratify::updater {

// What has happened since one asked last.
struct JobNews {
  std::string status;                 // what the unit said last
  std::optional<Result<void>> ended;  // the job is over; its failure is the unit's own sentence
};

class JobRunner {
 public:
  // units is used on the runner's thread alone and has to outlive it.
  [[nodiscard]] static Result<std::unique_ptr<JobRunner>> create(Units& units);
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  // Readable when news() has something.
  [[nodiscard]] int descriptor() const { return signal_.get(); }
  // Starts haven-update@<verb>.service. One job runs at a time: false while another does.
  bool start(const std::string& verb);
  [[nodiscard]] JobNews news();

 private:
  JobRunner(Units& units, Descriptor signal);
  void work(const std::stop_token& stop);
  [[nodiscard]] Result<void> run(const std::string& unit);

  Units& units_;
  Descriptor signal_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<std::string> unit_;
  bool busy_ = false;
  JobNews news_;
  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace stratify::updater
