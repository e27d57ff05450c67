#include "firstboot/claim_daemon.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <algorithm>
#include <memory>

#include "firstboot/claim_service.hpp"
#include "firstboot/configuration.hpp"
#include "firstboot/log.hpp"
#include "firstboot/step_runner.hpp"
#include "platform/file.hpp"

namespace stratify::firstboot {

namespace {

using Loop = Owned<sd_event, sd_event_unref>;
using Source = Owned<sd_event_source, sd_event_source_unref>;

Result<void> checked(int result, const std::string& what) {
  if (result < 0) return errno_error("set up", what, -result);
  return {};
}

class Daemon {
 public:
  Daemon(const DaemonPlaces& places, Claim& claim, StepRunner& runner)
      : places_(places), claim_(claim), runner_(runner) {}

  [[nodiscard]] Result<void> attach(sd_bus& bus, sd_event& loop);

  // Claims with the domain in a file, if it is there.
  void claim_from(const std::filesystem::path& file, Way way);

  // After anything that may have changed the claim: tell the bus, start what is due, set the timer.
  void settle();

 private:
  [[nodiscard]] Result<void> watch_cloud_init(sd_event& loop);
  [[nodiscard]] Result<void> watch_signals(sd_event& loop);

  const DaemonPlaces& places_;
  Claim& claim_;
  StepRunner& runner_;
  std::unique_ptr<ClaimService> service_;
  Source timer_;
  Source news_;
  Source inotify_;
};

Result<void> Daemon::attach(sd_bus& bus, sd_event& loop) {
  TRY(checked(sd_bus_attach_event(&bus, &loop, SD_EVENT_PRIORITY_NORMAL), "the bus"));
  service_ = TRY(ClaimService::create(bus, claim_, [this] { settle(); }));
  sd_event_source* source = nullptr;
  const auto on_timer = [](sd_event_source*, std::uint64_t, void* self) {
    static_cast<Daemon*>(self)->claim_.tick();
    static_cast<Daemon*>(self)->settle();
    return 0;
  };
  TRY(checked(sd_event_add_time_relative(&loop, &source, CLOCK_MONOTONIC, 0, 0, on_timer, this), "a timer"));
  timer_.reset(source);
  const auto on_news = [](sd_event_source*, int, std::uint32_t, void* self) {
    static_cast<Daemon*>(self)->runner_.apply(static_cast<Daemon*>(self)->claim_);
    static_cast<Daemon*>(self)->settle();
    return 0;
  };
  TRY(checked(sd_event_add_io(&loop, &source, runner_.news(), EPOLLIN, on_news, this), "the steps"));
  news_.reset(source);
  TRY(watch_cloud_init(loop));
  return watch_signals(loop);
}

// cloud-init may write its files before or after our start.
Result<void> Daemon::watch_cloud_init(sd_event& loop) {
  const auto folder = places_.cloud_init.parent_path();
  TRY(make_folders(folder));
  const auto on_write = [](sd_event_source*, const inotify_event* event, void* data) {
    auto& self = *static_cast<Daemon*>(data);
    if (event->len == 0 || self.places_.cloud_init.filename() != event->name) return 0;
    self.claim_from(self.places_.cloud_init, Way::kCloudInit);
    self.settle();
    return 0;
  };
  sd_event_source* source = nullptr;
  TRY(checked(
      sd_event_add_inotify(&loop, &source, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO, on_write, this),
      "the watch on " + folder.string()));
  inotify_.reset(source);
  return {};
}

Result<void> Daemon::watch_signals(sd_event& loop) {
  for (const int number : {SIGTERM, SIGINT}) {
    // Without a handler of its own the event source ends the loop.
    TRY(checked(sd_event_add_signal(&loop, nullptr, number, nullptr, nullptr), "a signal handler"));
  }
  return {};
}

void Daemon::claim_from(const std::filesystem::path& file, Way way) {
  constexpr std::size_t kLimit = 4096;
  const auto text = read_file(file, kLimit);
  if (!text && text.error().category() == Category::kNotFound) return;
  const auto claimed = text ? claim_.claim_here(*text, way) : Result<void>(std::unexpected(text.error()));
  if (claimed) return log(LOG_NOTICE, "claimed by " + std::string(to_string(way)));
  const bool expected = claimed.error().category() == Category::kConflict;  // at every boot after the claim
  log(expected ? LOG_INFO : LOG_ERR,
      "ignored the domain given by " + std::string(to_string(way)) + ": " + claimed.error().cause());
}

void Daemon::settle() {
  if (const auto state = claim_.due()) runner_.start(*state, *claim_.domain());
  if (service_) service_->announce();
  const auto next = claim_.next_change();
  if (!timer_ || !next) return;
  // steady_clock is CLOCK_MONOTONIC. A time in the past fires at once, so a running step must not set the
  // timer.
  const auto at = std::chrono::duration_cast<std::chrono::microseconds>(next->time_since_epoch()).count();
  if (*next <= std::chrono::steady_clock::now()) return;
  sd_event_source_set_time(timer_.get(), static_cast<std::uint64_t>(at));
  sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
}

// Signals go to the event loop, also those that arrive while a step runs on its thread.
Result<void> block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const int blocked = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (blocked != 0) return errno_error("block", "signals", blocked);
  return {};
}

}  // namespace

Result<void> run_claim_daemon(const DaemonPlaces& places, Steps& steps, Bus bus) {
  TRY(block_signals());
  sd_event* raw = nullptr;
  TRY(checked(sd_event_new(&raw), "the event loop"));
  const Loop loop(raw);
  Claim claim({.journal = Journal(places.state),
               .clock = std::chrono::steady_clock::now,
               .configured_domain = [&] { return configured_domain(places.configuration); }});
  if (claim.status().state == State::kDamaged) log(LOG_CRIT, "damaged: " + claim.status().step_text);
  auto runner = TRY(StepRunner::create(steps));
  Daemon daemon(places, claim, *runner);
  TRY(daemon.attach(*bus, *loop));
  if (places.credential) daemon.claim_from(*places.credential, Way::kCredential);
  daemon.claim_from(places.cloud_init, Way::kCloudInit);
  daemon.settle();
  sd_notify(0, "READY=1");
  TRY(checked(sd_event_loop(loop.get()), "the event loop"));
  sd_notify(0, "STOPPING=1");
  // A step may run for minutes and can be cut off anywhere: do not wait for its thread.
  std::_Exit(0);
}

}  // namespace stratify::firstboot
