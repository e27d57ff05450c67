// A machine in memory as the updater meets it: disk, boot loader, services and data, with versions that may
// be broken. At any effect, before or after it is done, the process may be killed or the power cut.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/file.hpp"
#include "updater/update.hpp"

namespace stratify::updater {

struct FakeVersion {
  std::string name;
  std::uint64_t number = 0;
  bool loads = true;                // kernel and initramfs come as far as userspace
  bool updates = true;              // its updater works
  bool comes_up = true;             // its services start
  bool stays_up = true;             // ... and go on running
  bool migrates = true;             // its services change the data when they start
  std::vector<std::string> images;  // bound to it
};

// Thrown where the process dies.
struct Killed {};

class FakeMachine final : public Source, public Boot, public Data, public Services {
 public:
  explicit FakeMachine(std::filesystem::path folder);

  // The version that runs at first, and those a channel may list.
  void install(const FakeVersion& version);
  void publish(const FakeVersion& version);
  // The next release is the same again under another name: what came before is no obstacle.
  void withdraw() { listed_.clear(); }

  // How the process ends at effect number `at` (counted from 0 since the machine was made).
  enum class Fault { kNone, kKilledBefore, kKilledAfter, kPowerCutBefore, kPowerCutAfter, kFails, kRefuses };
  void fault(std::size_t at, Fault fault) { fault_at_ = at, fault_ = fault; }
  [[nodiscard]] std::size_t effects_so_far() const { return effects_; }

  // Runs one verb of the updater, again after a kill, and through every restart that follows.
  using Verb = std::function<Result<void>(Update&)>;
  Result<void> run(const Verb& verb);
  // What the daemon does by itself until nothing is left to do.
  void settle();
  void power_cycle();

  [[nodiscard]] Record record();
  [[nodiscard]] const std::string& running() const { return running_; }
  [[nodiscard]] std::string running_version() const { return versions_.at(running_).name; }
  [[nodiscard]] const std::string& data() const { return data_; }
  void write_data(const std::string& text) { data_ = text; }
  [[nodiscard]] bool services_run() const { return services_run_; }
  [[nodiscard]] const std::set<std::pair<State, Event>>& rows_taken() const { return rows_; }
  [[nodiscard]] const std::map<std::string, std::string>& snapshots() const { return snapshots_; }
  [[nodiscard]] const std::vector<std::string>& menu() const { return menu_; }
  [[nodiscard]] bool is_counting() const { return mark_ || env_trial_; }
  // Names in podman's store.
  [[nodiscard]] const std::set<std::string>& images() const { return images_; }
  // A person runs a container of it.
  void use_image(const std::string& name) { images_in_use_.insert(name); }
  void stop_using_images() { images_in_use_.clear(); }
  [[nodiscard]] bool has_images_of_what_runs() const;
  void mend() { versions_.at(running_).stays_up = true; }
  void lose_boot_environment() { env_trial_.reset(); }
  [[nodiscard]] bool rescue_is_shown() const { return rescue_is_shown_; }
  [[nodiscard]] bool is_broken() const { return broken_; }

  // Source
  Result<Listed> list(const Record& record, bool by_hand) override;
  Result<void> fetch(const Target& target) override;
  Result<void> verify(const Target& target) override;
  Result<std::vector<std::string>> prepare(const Target& target) override;
  Result<std::vector<std::string>> inspect() override { return std::vector<std::string>{"ab12.file"}; }
  Result<void> remove_image(const std::string& name) override;
  // Boot
  Result<BootView> look() override;
  Result<std::string> stage(const Target& target) override;
  Result<void> unstage() override;
  Result<void> announce_trial(const std::string& deployment) override;
  Result<void> turn_to(const std::string& deployment) override;
  Result<void> keep() override;
  Result<void> give_up(const std::string& deployment) override;
  Result<void> go_back_for_good(const std::string& gone) override;
  Result<void> forget_trial() override;
  // Data
  Result<void> take(const std::string& name, const Target& before) override;
  Result<void> take_back(const std::string& name, const std::string& aside, const Target& left_by) override;
  Result<void> discard(const std::string& name) override;
  Result<void> tidy(const std::vector<std::string>& needed) override;
  // Services
  Result<std::vector<std::string>> ailing() override;
  Result<void> stop() override;
  Result<void> start() override;
  Result<void> come_up(const std::vector<std::string>& excused) override;
  Result<void> stay_up(const std::vector<std::string>& excused) override;
  Result<void> show_rescue(bool wanted) override;
  Result<void> restart_machine() override;

 private:
  template <class Change>
  Result<void> effect(Change change);
  Result<void> verb_once(const Verb& verb);
  void boot();
  [[nodiscard]] std::string choose_entry();
  void start_services();
  void note_rows();

  std::filesystem::path folder_;
  Store store_;
  // On the disk
  std::map<std::string, FakeVersion> versions_;  // by deployment
  std::vector<FakeVersion> listed_;
  std::set<std::string> pulled_;
  std::set<std::string> images_;
  std::set<std::string> images_in_use_;
  std::vector<std::string> menu_;
  std::optional<std::string> mark_;  // in the menu: its first entry is on trial
  std::optional<std::string> env_trial_;
  int env_tries_ = 0;
  std::string data_ = "written by a person";
  std::map<std::string, std::string> snapshots_;
  // Lost with the power
  std::string running_;
  std::string staged_;
  bool services_run_ = true;
  bool rescue_is_shown_ = false;
  bool restarting_ = false;
  bool power_is_cut_ = false;
  bool broken_ = false;  // it restarts for ever

  unsigned boots_ = 0;
  std::size_t effects_ = 0;
  std::optional<std::size_t> fault_at_;
  Fault fault_ = Fault::kNone;
  std::set<std::pair<State, Event>> rows_;
  double now_ = 1'800'000'000;
};

}  // namespace stratify::updater
