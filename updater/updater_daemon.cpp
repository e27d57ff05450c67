#include "updater/updater_daemon.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <algorithm>
#include <format>
#include <iostream>
#include <random>

#include "platform/owned.hpp"
#include "updater/bus_names.hpp"
#include "updater/notice.hpp"
#include "updater/room.hpp"
#include "updater/verbs.hpp"

namespace stratify::updater {

namespace fs = std::filesystem;

namespace {

using Loop = Owned<sd_event, sd_event_unref>;

constexpr const char* kNotice = "50-openhaven-update";

Result<void> checked(int result, const std::string& what) {
  if (result < 0) return errno_error("set up", what, -result);
  return {};
}

Time now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

double share() {
  static std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// Whether nothing is left to do for the owner's wish, or there is nothing to do it with.
bool is_fulfilled(Wish wish, State state) {
  if (wish == Wish::kLook || !is_before_the_switch(state)) return true;
  return wish == Wish::kPrepare && state == State::kStaged;
}

std::optional<Wish> parse_wish(std::string_view word) {
  if (word == "look") return Wish::kLook;
  if (word == "prepare") return Wish::kPrepare;
  if (word == "install") return Wish::kInstall;
  return std::nullopt;
}

class Daemon {
 public:
  Daemon(const DaemonPlaces& places, JobRunner& runner, sd_bus& bus)
      : places_(places), store_(places.root / kUpdateFolder), runner_(runner), bus_(bus) {}

  Result<void> attach(sd_event& loop);

  [[nodiscard]] const Record& record() const { return record_; }
  [[nodiscard]] const std::string& status() const { return status_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  // What the worker does, in words; empty while it rests.
  [[nodiscard]] std::string busy() const;
  [[nodiscard]] const stack::UpdateSettings& settings() const { return settings_; }

  // The owner's calls. False while something else is under way.
  bool ask(const std::string& verb);
  bool update(Wish wish, const std::string& folder);

 private:
  Result<void> offer();
  void settle();  // reads what is new and starts what is due
  void read_world();
  void take_news();
  void ended(const Result<void>& result);
  void tell_people();
  void announce();

  const DaemonPlaces& places_;
  Store store_;
  JobRunner& runner_;
  sd_bus& bus_;
  Record record_;
  stack::UpdateSettings settings_;
  std::string status_;
  std::string failure_;
  std::string verb_;
  Situation situation_;
  unsigned failures_ = 0;
  Owned<sd_event_source, sd_event_source_unref> timer_;
  BusSlot slot_;
};

void Daemon::read_world() {
  if (auto record = store_.load()) record_ = *std::move(record);
  const auto configuration = stack::load_configuration(places_.root);
  if (configuration && *configuration) settings_ = (*configuration)->updates;
  situation_.now = now();
}

void Daemon::settle() {
  read_world();
  tell_people();
  auto wake = situation_.now + 60;
  if (verb_.empty()) {
    const auto next = next_step(record_, settings_, situation_);
    wake = next.wake;
    if (!next.verb.empty()) static_cast<void>(ask(next.verb));
  }
  announce();
  sd_event_source_set_time_relative(timer_.get(),
                                    static_cast<std::uint64_t>(std::max<Time>(wake - now(), 1)) * 1'000'000);
  sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
}

std::string Daemon::busy() const {
  const auto* verb = find_verb(verb_);
  return verb == nullptr ? verb_ : std::string(verb->meaning);
}

bool Daemon::ask(const std::string& verb) {
  if (!runner_.start(verb)) return false;
  verb_ = verb;
  status_.clear();
  if (verb.starts_with("check")) situation_.next_check = situation_.now + check_interval(share());
  return true;
}

bool Daemon::update(Wish wish, const std::string& folder) {
  if (!verb_.empty()) return false;
  if (folder.empty())
    ::unlink(places_.medium.c_str());
  else if (!write_file(places_.medium, folder, 0600))
    return false;
  failure_.clear();
  situation_.wish = wish;
  situation_.not_before = 0;
  situation_.next_check = 0;
  settle();
  return true;
}

void Daemon::take_news() {
  auto news = runner_.news();
  if (!news.status.empty()) status_ = news.status;
  if (news.ended) ended(*news.ended);
  if (news.ended)
    settle();
  else
    announce();
}

void Daemon::ended(const Result<void>& result) {
  const auto verb = std::exchange(verb_, {});
  status_.clear();
  read_world();
  if (result) {
    failures_ = 0;
    situation_.not_before = 0;
  } else {
    failure_ = result.error().cause();
    situation_.not_before = now() + pause_after(++failures_);
    std::cerr << "haven-updater: " << verb << ": " << failure_ << std::endl;
  }
  if (!result || is_fulfilled(situation_.wish, record_.state)) {
    situation_.wish = Wish::kNone;
    ::unlink(places_.medium.c_str());
  }
}

void Daemon::tell_people() {
  const auto room = room_at(places_.root / "var");
  const auto text = notice_of(record_, room ? room->used_percent : 0);
  const auto file = places_.notices / kNotice;
  if (text.empty())
    ::unlink(file.c_str());
  else if (read_file(file, 64U << 10U).value_or("") != text)
    static_cast<void>(write_file(file, text));
}

void Daemon::announce() {
  sd_bus_emit_properties_changed(&bus_, kBusPath, kBusInterface, "State", "Status", "Failure", "Busy",
                                 "Record", nullptr);
}

// The bus

int text_reply(sd_bus_message* reply, const std::string& text) {
  return sd_bus_message_append(reply, "s", text.c_str());
}

int get_property(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/, const char* property,
                 sd_bus_message* reply, void* data, sd_bus_error* /*error*/) {
  const auto& daemon = *static_cast<Daemon*>(data);
  const std::string_view name = property;
  const auto& record = daemon.record();
  if (name == "State") return text_reply(reply, std::string(to_string(record.state)));
  if (name == "Reason") return text_reply(reply, record.reason);
  if (name == "Target") return text_reply(reply, record.target ? record.target->version : "");
  if (name == "Busy") return text_reply(reply, daemon.busy());
  if (name == "Status") return text_reply(reply, daemon.status());
  if (name == "Failure") return text_reply(reply, daemon.failure());
  if (name == "Channel") return text_reply(reply, daemon.settings().channel);
  if (name == "Source") return text_reply(reply, daemon.settings().source);
  if (name == "Window") return text_reply(reply, to_string(daemon.settings().window));
  if (name == "Automatic")
    return sd_bus_message_append(reply, "b", static_cast<int>(daemon.settings().automatic));
  return text_reply(reply, to_json(record));
}

int answer(sd_bus_message* call, Daemon& daemon, bool accepted) {
  if (accepted) return sd_bus_reply_method_return(call, "");
  return sd_bus_reply_method_errorf(call, "dev.openhaven.Updater1.Error.Busy",
                                    "the updater is busy (%s); wait until it is done: haven status",
                                    daemon.busy().c_str());
}

int on_update(sd_bus_message* call, void* data, sd_bus_error* /*error*/) {
  auto& daemon = *static_cast<Daemon*>(data);
  const char* word = nullptr;
  const char* folder = nullptr;
  if (const int read = sd_bus_message_read(call, "ss", &word, &folder); read < 0) return read;
  if (const auto wish = parse_wish(word)) return answer(call, daemon, daemon.update(*wish, folder));
  return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "'%s' is none of look, prepare, install",
                                    word);
}

template <const char* kVerb>
int on_verb(sd_bus_message* call, void* data, sd_bus_error* /*error*/) {
  auto& daemon = *static_cast<Daemon*>(data);
  return answer(call, daemon, daemon.ask(kVerb));
}

int on_send_back(sd_bus_message* call, void* data, sd_bus_error* /*error*/) {
  auto& daemon = *static_cast<Daemon*>(data);
  int with_data = 0;
  if (const int read = sd_bus_message_read(call, "b", &with_data); read < 0) return read;
  return answer(call, daemon, daemon.ask(with_data != 0 ? "send-back" : "send-back-keeping-data"));
}

constexpr char kPin[] = "pin";      // NOLINT(cppcoreguidelines-avoid-c-arrays): template arguments
constexpr char kUnpin[] = "unpin";  // NOLINT(cppcoreguidelines-avoid-c-arrays)
constexpr char kDefer[] = "defer";  // NOLINT(cppcoreguidelines-avoid-c-arrays)

constexpr std::uint64_t kOpen = SD_BUS_VTABLE_UNPRIVILEGED;  // the bus policy decides: root alone
constexpr std::uint64_t kChanges = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;

// NOLINTBEGIN(cppcoreguidelines-avoid-c-arrays): sd-bus takes a C array
const sd_bus_vtable kVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("State", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Reason", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("Target", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("Busy", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Status", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Failure", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Channel", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("Source", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("Window", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("Automatic", "b", get_property, 0, 0),
    SD_BUS_PROPERTY("Record", "s", get_property, 0, kChanges),
    SD_BUS_METHOD_WITH_ARGS("Update", SD_BUS_ARGS("s", wish, "s", folder), SD_BUS_NO_RESULT, on_update,
                            kOpen),
    SD_BUS_METHOD_WITH_ARGS("SendBack", SD_BUS_ARGS("b", with_data), SD_BUS_NO_RESULT, on_send_back, kOpen),
    SD_BUS_METHOD_WITH_ARGS("Pin", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_verb<kPin>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("Unpin", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_verb<kUnpin>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("Defer", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_verb<kDefer>, kOpen),
    SD_BUS_VTABLE_END};
// NOLINTEND(cppcoreguidelines-avoid-c-arrays)

Result<void> Daemon::offer() {
  sd_bus_slot* slot = nullptr;
  const int added = sd_bus_add_object_vtable(&bus_, &slot, kBusPath, kBusInterface, kVtable, this);
  if (added < 0) return BusError().to_error("offer", kBusPath, added);
  slot_.reset(slot);
  const int named = sd_bus_request_name(&bus_, kBusName, 0);
  if (named < 0) return BusError().to_error("take the bus name", kBusName, named);
  return {};
}

Result<void> Daemon::attach(sd_event& loop) {
  TRY(checked(sd_bus_attach_event(&bus_, &loop, SD_EVENT_PRIORITY_NORMAL), "the bus"));
  sd_event_source* source = nullptr;
  const auto on_timer = [](sd_event_source*, std::uint64_t, void* self) {
    static_cast<Daemon*>(self)->settle();
    return 0;
  };
  TRY(checked(sd_event_add_time_relative(&loop, &source, CLOCK_BOOTTIME, 0, 1'000'000, on_timer, this),
              "a timer"));
  timer_.reset(source);
  const auto on_news = [](sd_event_source*, int, std::uint32_t, void* self) {
    static_cast<Daemon*>(self)->take_news();
    return 0;
  };
  TRY(checked(sd_event_add_io(&loop, nullptr, runner_.descriptor(), EPOLLIN, on_news, this), "the jobs"));
  for (const int number : {SIGTERM, SIGINT})
    TRY(checked(sd_event_add_signal(&loop, nullptr, number, nullptr, nullptr), "a signal handler"));
  // Not at once after a start: it is the trial's turn, and a power cut must not make all machines ask at
  // once.
  constexpr Time kAfterStart = 180;
  situation_.next_check =
      now() + kAfterStart + static_cast<Time>(share() * static_cast<double>(4 * kAfterStart));
  read_world();
  return offer();
}

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

Result<void> run_updater_daemon(const DaemonPlaces& places, Units& units, Bus bus) {
  TRY(block_signals());
  sd_event* raw = nullptr;
  TRY(checked(sd_event_new(&raw), "the event loop"));
  const Loop loop(raw);
  auto runner = TRY(JobRunner::create(units));
  Daemon daemon(places, *runner, *bus);
  TRY(daemon.attach(*loop));
  sd_notify(0, "READY=1");
  TRY(checked(sd_event_loop(loop.get()), "the event loop"));
  sd_notify(0, "STOPPING=1");
  // The worker goes on without us and may take hours: do not wait for its thread.
  std::_Exit(0);
}

}  // namespace stratify::updater
