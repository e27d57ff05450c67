// Runs the steps of the claim, one at a time, on a thread of their own.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "firstboot/claim.hpp"
#include "firstboot/steps.hpp"
#include "platform/file.hpp"

namespace stratify::firstboot {

class StepRunner {
 public:
  // An eventfd(2) is made for news(); kIo when the kernel has none.
  [[nodiscard]] static Result<std::unique_ptr<StepRunner>> create(Steps& steps);
  ~StepRunner();
  StepRunner(const StepRunner&) = delete;
  StepRunner& operator=(const StepRunner&) = delete;

  // Readable when apply() has something to tell.
  [[nodiscard]] int news() const { return news_.get(); }

  // Starts the step that leads on from state. Does nothing while one is running.
  void start(State state, const stack::Domain& domain);

  // Tells the claim what has happened since the last call. To be called on the thread that owns the claim.
  void apply(Claim& claim);

 private:
  using Change = std::move_only_function<void(Claim&)>;
  struct Task {
    State state;
    stack::Domain domain;
  };

  StepRunner(Steps& steps, Descriptor news);
  void work(const std::stop_token& stop);
  [[nodiscard]] Change run(const Task& task);
  void tell(Change change, bool finished);

  Steps& steps_;
  Descriptor news_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<Task> task_;
  bool running_ = false;   // until apply() has told the outcome
  bool finished_ = false;  // the outcome is among the changes
  std::vector<Change> changes_;
  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace stratify::firstboot
