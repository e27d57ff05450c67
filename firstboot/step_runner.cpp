#include "firstboot/step_runner.hpp"

#include <sys/eventfd.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

namespace stratify::firstboot {

Result<std::unique_ptr<StepRunner>> StepRunner::create(Steps& steps) {
  Descriptor news(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!news) return errno_error("create", "an eventfd");
  return std::unique_ptr<StepRunner>(new StepRunner(steps, std::move(news)));
}

StepRunner::StepRunner(Steps& steps, Descriptor news)
    : steps_(steps), news_(std::move(news)), thread_([this](const std::stop_token& stop) { work(stop); }) {}

StepRunner::~StepRunner() = default;

void StepRunner::start(State state, const stack::Domain& domain) {
  const std::scoped_lock lock(mutex_);
  if (running_) return;
  running_ = true;
  task_ = Task{state, domain};
  wake_.notify_one();
}

void StepRunner::apply(Claim& claim) {
  std::uint64_t ignored = 0;
  static_cast<void>(::eventfd_read(news_.get(), &ignored));  // EAGAIN only says that there is no news
  std::vector<Change> changes;
  {
    const std::scoped_lock lock(mutex_);
    changes = std::exchange(changes_, {});
    if (std::exchange(finished_, false)) running_ = false;
  }
  for (auto& change : changes) change(claim);
}

void StepRunner::work(const std::stop_token& stop) {
  for (;;) {
    std::optional<Task> task;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return task_.has_value(); })) return;
      task = std::exchange(task_, std::nullopt);
    }
    tell(run(*task), true);
  }
}

StepRunner::Change StepRunner::run(const Task& task) {
  const auto report = [this](std::string_view line) {
    tell([text = std::string(line)](Claim& claim) { claim.report(text); }, false);
  };
  const auto outcome = [](Result<void> result, Event event) -> Change {
    return [result = std::move(result), event](Claim& claim) {
      if (result)
        claim.step_done(event);
      else
        claim.step_failed(result.error());
    };
  };
  switch (task.state) {
    case State::kAccepted:
      break;
    case State::kSecrets:
      return outcome(steps_.write_configuration(task.domain), Event::kConfigurationWritten);
    case State::kConfigured:
      return outcome(steps_.start_stack(task.domain, report), Event::kStackStarted);
    case State::kStarted:
    case State::kLive:
      return outcome(steps_.see_health(task.domain, report), Event::kHealthSeen);
    case State::kUnclaimed:
    case State::kClosed:
    case State::kDamaged:
      throw std::logic_error("a claim without an owner has no steps");
  }
  return [password = steps_.make_secrets(task.domain)](Claim& claim) mutable {
    if (password)
      claim.secrets_made(*std::move(password));
    else
      claim.step_failed(password.error());
  };
}

void StepRunner::tell(Change change, bool finished) {
  {
    const std::scoped_lock lock(mutex_);
    changes_.push_back(std::move(change));
    finished_ = finished_ || finished;
  }
  static_cast<void>(::eventfd_write(news_.get(), 1));  // cannot overflow: the reader drains it
}

}  // namespace stratify::firstboot
