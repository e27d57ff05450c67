#include "tests/updater/fake_machine.hpp"

#include <algorithm>

namespace stratify::updater {

namespace {

Sha256 commit_of(const FakeVersion& version) { return Sha256::of(version.name); }
std::string deployment_of(const FakeVersion& version) { return commit_of(version).hex() + ".0"; }

Target target_of(const FakeVersion& version) {
  Target target{.version = version.name, .number = version.number, .commit = commit_of(version)};
  for (const auto& image : version.images) target.images.push_back({.name = image});
  return target;
}

}  // namespace

FakeMachine::FakeMachine(std::filesystem::path folder)
    : folder_(std::move(folder)),
      store_(folder_, [this](const auto& path, std::string_view text, mode_t mode) {
        return effect([&] { return write_file(path, text, mode); });
      }) {}

void FakeMachine::install(const FakeVersion& version) {
  running_ = deployment_of(version);
  versions_[running_] = version;
  menu_ = {running_};
}

void FakeMachine::publish(const FakeVersion& version) {
  versions_[deployment_of(version)] = version;
  listed_.push_back(version);
}

// One change of the world, and the place where the process may die.
template <class Change>
Result<void> FakeMachine::effect(Change change) {
  const auto fault = fault_at_ == effects_++ ? fault_ : Fault::kNone;
  if (fault == Fault::kFails) return fail(Category::kIo, "do", "effect", "the disk says no");
  if (fault == Fault::kRefuses)
    return fail(Category::kVerification, "accept", "what came", "it is not signed");
  const bool before = fault == Fault::kKilledBefore || fault == Fault::kPowerCutBefore;
  power_is_cut_ = fault == Fault::kPowerCutBefore || fault == Fault::kPowerCutAfter;
  if (before) throw Killed();
  Result<void> done = change();
  if (fault == Fault::kKilledAfter || fault == Fault::kPowerCutAfter) throw Killed();
  return done;
}

Result<void> FakeMachine::verb_once(const Verb& verb) {
  const Effects effects{.source = *this,
                        .boot = *this,
                        .data = *this,
                        .services = *this,
                        .clock = [this] { return now_ += 1; },
                        .say = [](std::string_view) {}};
  auto update = Update::open(store_, effects);
  if (!update) return std::unexpected(update.error());
  return verb(*update);
}

Result<void> FakeMachine::run(const Verb& verb) {
  for (;;) {
    try {
      auto done = verb_once(verb);
      note_rows();
      if (std::exchange(restarting_, false)) boot();
      return done;
    } catch (const Killed&) {
      note_rows();
      if (!std::exchange(power_is_cut_, false)) {
        if (std::exchange(restarting_, false)) {
          boot();
          return {};
        }
        continue;
      }
      boot();
      return {};
    }
  }
}

void FakeMachine::note_rows() {
  for (const auto& step : record().history) {
    for (const auto& row : kTransitions) {
      if (to_string(row.from) == step.from && to_string(row.event) == step.event)
        rows_.emplace(row.from, row.event);
    }
  }
}

Record FakeMachine::record() { return Store(folder_).load().value(); }

void FakeMachine::settle() {
  for (int i = 0; i < 20; ++i) {
    const auto state = record().state;
    const bool judging = state == State::kBooted || state == State::kOnTrial || state == State::kCondemned ||
                         state == State::kRolledBack;
    if (judging)
      static_cast<void>(run([](Update& update) { return update.judge(); }));
    else if (state == State::kSwitching)
      static_cast<void>(run([](Update& update) { return update.switch_over(); }));
    else
      return;
  }
}

// The static part of the menu: image/disk/grub.cfg.
std::string FakeMachine::choose_entry() {
  if (!mark_ || menu_.size() < 2) return menu_.front();
  if (env_trial_ != mark_ || env_tries_ < 1 || env_tries_ > 3) return menu_[1];
  --env_tries_;
  return menu_.front();
}

void FakeMachine::boot() {
  staged_.clear();
  services_run_ = false;
  rescue_is_shown_ = false;
  for (int i = 0; i < 12; ++i) {
    running_ = choose_entry();
    const auto& version = versions_.at(running_);
    if (!version.loads) continue;
    if (!version.updates) {
      start_services();  // and nobody gives a verdict: the deadline restarts the machine
      continue;
    }
    const auto deep = ++boots_;
    auto started = run([](Update& update) { return update.start(); });
    if (boots_ != deep) return;                                                  // it restarted the machine
    if (!started) started = run([](Update& update) { return update.start(); });  // as its unit does
    if (started && boots_ == deep && !services_run_) start_services();
    return;
  }
  broken_ = true;
}

void FakeMachine::power_cycle() { boot(); }

void FakeMachine::start_services() {
  const auto& version = versions_.at(running_);
  services_run_ = version.comes_up;
  if (version.migrates && !data_.ends_with(version.name)) data_ += ", then migrated by " + version.name;
}

// Source

Result<Listed> FakeMachine::list(const Record& record, bool /*by_hand*/) {
  Listed listed{.channel = "stable", .serial = 7, .reason = "nothing newer"};
  for (const auto& version : listed_) {
    const bool failed = std::ranges::contains(record.failed, commit_of(version), &Failed::commit);
    if (failed || version.number <= std::max(record.floor_number, versions_.at(running_).number)) continue;
    listed.target = target_of(version);
    listed.reason = "newer";
  }
  return listed;
}

Result<void> FakeMachine::fetch(const Target& target) {
  return effect([&] { return pulled_.insert(target.version), Result<void>(); });
}

Result<void> FakeMachine::verify(const Target& target) {
  return effect([&]() -> Result<void> {
    if (!pulled_.contains(target.version))
      return fail(Category::kNotFound, "verify", target.version, "not here");
    return {};
  });
}

Result<std::vector<std::string>> FakeMachine::prepare(const Target& target) {
  TRY(effect([&] {
    for (const auto& image : target.images) images_.insert(image.name);
    return Result<void>();
  }));
  return std::vector<std::string>{"/etc/changed.conf"};
}

Result<void> FakeMachine::remove_image(const std::string& name) {
  return effect([&]() -> Result<void> {
    if (images_in_use_.contains(name))
      return fail(Category::kConflict, "remove", "image " + name, "a container uses it");
    images_.erase(name);
    return {};
  });
}

bool FakeMachine::has_images_of_what_runs() const {
  return std::ranges::all_of(versions_.at(running_).images,
                             [&](const auto& name) { return images_.contains(name); });
}

// Boot

Result<BootView> FakeMachine::look() {
  return BootView{.running = {.deployment = running_, .version = versions_.at(running_).name},
                  .menu = menu_,
                  .staged = staged_};
}

Result<std::string> FakeMachine::stage(const Target& target) {
  TRY(effect([&] { return staged_ = target.commit.hex() + ".0", Result<void>(); }));
  return staged_;
}

Result<void> FakeMachine::unstage() {
  return effect([&] { return staged_.clear(), Result<void>(); });
}

Result<void> FakeMachine::announce_trial(const std::string& deployment) {
  return effect([&] { return env_trial_ = deployment, env_tries_ = 3, Result<void>(); });
}

Result<void> FakeMachine::turn_to(const std::string& deployment) {
  return effect([&]() -> Result<void> {
    if (staged_ != deployment) return fail(Category::kConflict, "turn to", deployment, "it is not staged");
    menu_ = {deployment, running_};
    staged_.clear();
    mark_ = env_trial_;
    return {};
  });
}

Result<void> FakeMachine::keep() {
  TRY(effect([&] { return mark_.reset(), Result<void>(); }));
  return forget_trial();
}

Result<void> FakeMachine::give_up(const std::string& deployment) {
  TRY(effect([&] { return env_trial_ = deployment, env_tries_ = 0, Result<void>(); }));
  return effect([&] { return mark_ = deployment, Result<void>(); });
}

Result<void> FakeMachine::go_back_for_good(const std::string& /*gone*/) {
  TRY(effect([&] { return menu_ = {running_}, mark_.reset(), Result<void>(); }));
  return forget_trial();
}

Result<void> FakeMachine::forget_trial() {
  return effect([&] { return env_trial_.reset(), Result<void>(); });
}

// Data

Result<void> FakeMachine::take(const std::string& name, const Target& /*before*/) {
  return effect([&] { return snapshots_[name] = data_, Result<void>(); });
}

Result<void> FakeMachine::take_back(const std::string& name, const std::string& aside,
                                    const Target& /*left_by*/) {
  return effect([&] {
    if (!snapshots_.contains(aside)) snapshots_[aside] = std::exchange(data_, snapshots_.at(name));
    return Result<void>();
  });
}

Result<void> FakeMachine::discard(const std::string& name) {
  return effect([&] { return snapshots_.erase(name), Result<void>(); });
}

Result<void> FakeMachine::tidy(const std::vector<std::string>& /*needed*/) {
  return effect([] { return Result<void>(); });
}

// Services

Result<std::vector<std::string>> FakeMachine::ailing() { return std::vector<std::string>(); }

Result<void> FakeMachine::stop() {
  return effect([&] { return services_run_ = false, Result<void>(); });
}

Result<void> FakeMachine::start() {
  return effect([&] { return start_services(), Result<void>(); });
}

Result<void> FakeMachine::come_up(const std::vector<std::string>& /*excused*/) {
  if (versions_.at(running_).comes_up) return {};
  return fail(Category::kTimeout, "start", "mail.service", "it does not come up");
}

Result<void> FakeMachine::stay_up(const std::vector<std::string>& /*excused*/) {
  if (versions_.at(running_).stays_up) return {};
  return fail(Category::kCommandFailed, "watch", "mail.service", "it has restarted");
}

Result<void> FakeMachine::show_rescue(bool wanted) {
  return effect([&] { return rescue_is_shown_ = wanted, Result<void>(); });
}

Result<void> FakeMachine::restart_machine() {
  return effect([&] { return restarting_ = true, Result<void>(); });
}

}  // namespace stratify::updater
