#include "image/progress.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <utility>

#include <boost/json.hpp>

#include "platform/blocked_signals.hpp"

namespace stratify::image {

using namespace std::chrono_literals;

Step::~Step() {
  if (progress_ == nullptr) return;
  const std::scoped_lock lock(progress_->mutex_);
  progress_->running_ = false;
  progress_->on_stopped(progress_->state_);
}

void Step::reach(std::uint64_t done) {
  const std::scoped_lock lock(progress_->mutex_);
  progress_->state_.done = done;
  progress_->on_move(progress_->state_);
}

void Step::reach(std::uint64_t done, std::uint64_t total) {
  const std::scoped_lock lock(progress_->mutex_);
  progress_->state_.done = done;
  progress_->state_.total = total;
  progress_->on_move(progress_->state_);
}

void Step::add(std::uint64_t more) {
  const std::scoped_lock lock(progress_->mutex_);
  progress_->state_.done += more;
  progress_->on_move(progress_->state_);
}

void Step::doing(std::string_view what) {
  const std::scoped_lock lock(progress_->mutex_);
  progress_->state_.doing = what;
  progress_->on_doing(progress_->state_);
}

void Step::done(std::string_view summary) {
  auto* progress = std::exchange(progress_, nullptr);
  const std::scoped_lock lock(progress->mutex_);
  progress->running_ = false;
  progress->on_done(progress->state_, summary);
}

Step Progress::step(std::string name, StepOptions options) {
  const std::scoped_lock lock(mutex_);
  state_ = {.name = std::move(name),
            .unit = options.unit,
            .done = 0,
            .total = options.total,
            .begun = now_(),
            .doing = {}};
  running_ = true;
  on_begin(state_);
  return Step(this);
}

void Progress::note(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  on_note(text);
}

void Progress::tick() {
  const std::scoped_lock lock(mutex_);
  if (running_) on_tick(state_);
}

Ticker::Ticker(Progress& progress) {
  sigset_t all;
  ::sigfillset(&all);
  const BlockedSignals left_to_others(all);  // run_attached() waits for some of them
  thread_ = std::jthread([this, &progress](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      ended_.wait_for(lock, stop, 1s, [] { return false; });
      if (!stop.stop_requested()) progress.tick();
    }
  });
}

std::string Progress::elapsed(const StepState& state) const {
  return std::format("{:.1f} s", std::chrono::duration<double>(now_() - state.begun).count());
}

std::string amount(std::uint64_t value, Unit unit) {
  if (unit == Unit::kCount) return std::to_string(value);
  constexpr std::array<std::pair<double, const char*>, 3> kScales{{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}};
  for (const auto& [scale, name] : kScales) {
    const auto scaled = static_cast<double>(value) / scale;
    if (scaled >= 1)
      return scaled < 10 ? std::format("{:.1f} {}", scaled, name) : std::format("{:.0f} {}", scaled, name);
  }
  return std::to_string(value) + " B";
}

namespace {

// "144 of 241", "1.2 MB".
std::string how_far(const StepState& state) {
  const auto done = amount(state.done, state.unit);
  return state.total == 0 ? done : done + " of " + amount(state.total, state.unit);
}

std::string in_brackets(std::string_view summary) {
  return summary.empty() ? "" : std::format(" ({})", summary);
}

class SilentProgress final : public Progress {
  using Progress::Progress;
  void on_begin(const StepState&) override {}
  void on_move(const StepState&) override {}
  void on_doing(const StepState&) override {}
  void on_tick(const StepState&) override {}
  void on_done(const StepState&, std::string_view) override {}
  void on_stopped(const StepState&) override {}
  void on_note(std::string_view) override {}
};

// One line when a step begins to take long, then one every few seconds, one at its end.
class LineProgress final : public Progress {
 public:
  LineProgress(std::ostream& to, Now now) : Progress(std::move(now)), to_(to) {}

 private:
  static constexpr auto kEvery = 5s;
  static constexpr auto kSilence = 30s;  // the longest without a sign of life

  void on_begin(const StepState& state) override { told_ = state.begun; }
  void on_move(const StepState& state) override {
    if (now() - told_ < kEvery) return;
    told_ = now();
    to_ << std::format("{}: {}", state.name, how_far(state)) << std::endl;
  }
  void on_doing(const StepState& state) override {
    told_ = now();
    to_ << std::format("{}: {}", state.name, state.doing) << std::endl;
  }
  void on_tick(const StepState& state) override {
    if (now() - told_ < kSilence) return;
    told_ = now();
    to_ << std::format("{}: {} so far", state.name, elapsed(state)) << std::endl;
  }
  void on_done(const StepState& state, std::string_view summary) override {
    to_ << std::format("{}: {}{}", state.name, elapsed(state), in_brackets(summary)) << std::endl;
  }
  void on_stopped(const StepState& state) override {
    to_ << std::format("{}: stopped after {}", state.name, elapsed(state)) << std::endl;
  }
  void on_note(std::string_view text) override { to_ << text << std::endl; }

  std::ostream& to_;
  std::chrono::steady_clock::time_point told_;
};

// A bar that is drawn over itself and becomes a line at the step's end.
class BarProgress final : public Progress {
 public:
  BarProgress(std::ostream& to, Now now) : Progress(std::move(now)), to_(to) {}

 private:
  static constexpr auto kEvery = 100ms;
  static constexpr std::uint64_t kWidth = 20;
  static constexpr std::size_t kColumns = 79;  // a longer line would leave its first part behind

  void on_begin(const StepState& state) override { draw(state); }
  void on_doing(const StepState& state) override { draw(state); }
  void on_tick(const StepState& state) override { draw(state); }
  void on_move(const StepState& state) override {
    if (now() - drawn_ >= kEvery) draw(state);
  }
  void on_done(const StepState& state, std::string_view summary) override {
    to_ << std::format("\r\033[K{:<10} {:>8}{}", state.name, elapsed(state), in_brackets(summary))
        << std::endl;
  }
  void on_stopped(const StepState& state) override {
    to_ << std::format("\r\033[K{:<10} {:>8} stopped", state.name, elapsed(state)) << std::endl;
  }
  void on_note(std::string_view text) override { to_ << "\r\033[K" << text << std::endl; }

  void draw(const StepState& state) {
    drawn_ = now();
    auto line = std::format("{:<10} {:>8} ", state.name, elapsed(state));
    if (state.total != 0) {
      const auto filled = std::min(state.done, state.total) * kWidth / state.total;
      line += '[' + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] ";
    }
    if (state.total != 0 || state.done != 0) line += how_far(state) + "  ";
    line += state.doing;
    to_ << "\r\033[K" << line.substr(0, kColumns) << std::flush;
  }

  std::ostream& to_;
  std::chrono::steady_clock::time_point drawn_;
};

class JsonProgress final : public Progress {
 public:
  JsonProgress(std::ostream& to, Now now) : Progress(std::move(now)), to_(to) {}

 private:
  static constexpr auto kEvery = 250ms;

  void on_begin(const StepState& state) override {
    told_ = now();
    tell(state, "begun");
  }
  void on_move(const StepState& state) override {
    if (now() - told_ < kEvery) return;
    told_ = now();
    tell(state, "running");
  }
  void on_doing(const StepState& state) override { tell(state, "running"); }
  void on_tick(const StepState&) override {}
  void on_done(const StepState& state, std::string_view summary) override { tell(state, "done", summary); }
  void on_stopped(const StepState& state) override { tell(state, "stopped"); }
  void on_note(std::string_view text) override { to_ << boost::json::object{{"note", text}} << std::endl; }

  void tell(const StepState& state, std::string_view what, std::string_view summary = {}) {
    boost::json::object line{{"step", state.name},
                             {"state", what},
                             {"unit", state.unit == Unit::kBytes ? "bytes" : "count"},
                             {"done", state.done},
                             {"total", state.total},
                             {"seconds", std::chrono::duration<double>(now() - state.begun).count()}};
    if (!state.doing.empty()) line["doing"] = state.doing;
    if (!summary.empty()) line["summary"] = summary;
    to_ << line << std::endl;
  }

  std::ostream& to_;
  std::chrono::steady_clock::time_point told_;
};

}  // namespace

std::unique_ptr<Progress> make_progress(ProgressStyle style, std::ostream& to, Progress::Now now) {
  switch (style) {
    case ProgressStyle::kSilent:
      return std::make_unique<SilentProgress>(std::move(now));
    case ProgressStyle::kBars:
      return std::make_unique<BarProgress>(to, std::move(now));
    case ProgressStyle::kLines:
      return std::make_unique<LineProgress>(to, std::move(now));
    case ProgressStyle::kJson:
      return std::make_unique<JsonProgress>(to, std::move(now));
  }
  std::unreachable();
}

}  // namespace stratify::image
