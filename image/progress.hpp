// How far the work is, told in one of three ways: bars on a terminal, plain lines in a log, JSON lines to a
// program.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace stratify::image {

enum class Unit { kBytes, kCount };

struct StepOptions {
  std::uint64_t total = 0;  // 0: unknown
  Unit unit = Unit::kCount;
};

class Progress;

// One step of the work, from its creation until done(). Its members may be called from several threads.
// Destroyed without done() it counts as stopped: an Error will say why.
class Step {
 public:
  Step(Step&& other) noexcept : progress_(std::exchange(other.progress_, nullptr)) {}
  Step& operator=(Step&&) = delete;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step();

  void reach(std::uint64_t done);                       // so much of the total is done
  void reach(std::uint64_t done, std::uint64_t total);  // as above, for a total learnt on the way
  void add(std::uint64_t more);                         // so much more is done
  void doing(std::string_view what);                    // what of it begins now: "making the initramfs"
  void done(std::string_view summary = {});             // "312 packages, 205 MB"

 private:
  friend class Progress;
  explicit Step(Progress* progress) : progress_(progress) {}
  Progress* progress_;
};

// The state of the step at hand, as the ways of telling it see it.
struct StepState {
  std::string name;
  Unit unit = Unit::kCount;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::chrono::steady_clock::time_point begun;
  std::string doing;
};

// Steps follow each other; two never overlap.
class Progress {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;

  explicit Progress(Now now) : now_(std::move(now)) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  virtual ~Progress() = default;

  [[nodiscard]] Step step(std::string name, StepOptions options = {});

  // A line that a person should see whatever the step.
  void note(std::string_view text);

  // Shows the time that has gone by, though nothing has moved.
  void tick();

 protected:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const { return now_(); }
  [[nodiscard]] std::string elapsed(const StepState& state) const;  // "3.2 s"

 private:
  friend class Step;
  virtual void on_begin(const StepState& state) = 0;
  virtual void on_move(const StepState& state) = 0;
  virtual void on_doing(const StepState& state) = 0;
  virtual void on_tick(const StepState& state) = 0;
  virtual void on_done(const StepState& state, std::string_view summary) = 0;
  virtual void on_stopped(const StepState& state) = 0;
  virtual void on_note(std::string_view text) = 0;

  Now now_;
  std::mutex mutex_;
  StepState state_;
  bool running_ = false;  // a step is at hand
};

// Ticks once a second from a thread of its own. progress has to outlive it.
class Ticker {
 public:
  explicit Ticker(Progress& progress);

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;  // last: it uses the others
};

enum class ProgressStyle { kSilent, kBars, kLines, kJson };

[[nodiscard]] std::unique_ptr<Progress> make_progress(ProgressStyle style, std::ostream& to,
                                                      Progress::Now now = std::chrono::steady_clock::now);

// "205 MB", "1.3 GB"; "17" for a count.
[[nodiscard]] std::string amount(std::uint64_t value, Unit unit);

}  // namespace stratify::image
