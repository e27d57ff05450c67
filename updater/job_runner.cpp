#include "updater/job_runner.hpp"

#include <sys/eventfd.h>

#include <cstdint>
#include <utility>

namespace stratify::updater {

namespace {

constexpr std::chrono::hours kLimit{6};  // the unit has a limit of its own

}  // namespace

Result<std::unique_ptr<JobRunner>> JobRunner::create(Units& units) {
  Descriptor signal(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signal) return errno_error("create", "an eventfd");
  return std::unique_ptr<JobRunner>(new JobRunner(units, std::move(signal)));
}

JobRunner::JobRunner(Units& units, Descriptor signal)
    : units_(units),
      signal_(std::move(signal)),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

bool JobRunner::start(const std::string& verb) {
  const std::scoped_lock lock(mutex_);
  if (busy_) return false;
  busy_ = true;
  unit_ = "haven-update@" + verb + ".service";
  wake_.notify_one();
  return true;
}

JobNews JobRunner::news() {
  std::uint64_t ignored = 0;
  static_cast<void>(::eventfd_read(signal_.get(), &ignored));  // EAGAIN only says that there is no news
  const std::scoped_lock lock(mutex_);
  auto news = std::exchange(news_, {});
  if (news.ended) busy_ = false;
  return news;
}

void JobRunner::work(const std::stop_token& stop) {
  for (;;) {
    std::optional<std::string> unit;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return unit_.has_value(); })) return;
      unit = std::exchange(unit_, std::nullopt);
    }
    auto ended = run(*unit);
    const std::scoped_lock lock(mutex_);
    news_.ended = std::move(ended);
    static_cast<void>(::eventfd_write(signal_.get(), 1));
  }
}

Result<void> JobRunner::run(const std::string& unit) {
  const auto on_status = [this](std::string_view text) {
    const std::scoped_lock lock(mutex_);
    news_.status = text;
    static_cast<void>(::eventfd_write(signal_.get(), 1));
  };
  auto done = run_job(units_, {.verb = UnitVerb::kStart, .unit = unit}, kLimit, on_status);
  if (done) return done;
  // The last thing it said is why.
  const auto state = units_.state(unit);
  if (!state || state->status_text.empty()) return done;
  return fail(done.error().category(), done.error().operation(), unit, state->status_text);
}

}  // namespace stratify::updater
