#include "stack/apply.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "platform/beneath.hpp"
#include "platform/btrfs.hpp"
#include "platform/file.hpp"
#include "platform/sha256.hpp"
#include "stack/applied.hpp"

namespace stratify::stack {

namespace fs = std::filesystem;

namespace {

constexpr const char* kUnitFolder = "/run/containers/systemd/";

class Applying {
 public:
  Applying(const DesiredState& desired, const ApplyEffects& effects, const OnProgress& on_progress)
      : desired_(desired), effects_(effects), on_progress_(on_progress) {}

  Result<ApplyReport> run() {
    applied_ = TRY(load_applied(effects_.root));
    total_ = desired_.units.size() + 1;
    say("writing the configuration");
    TRY(make_data_folders());
    TRY(set_secrets());
    TRY(stop_unwanted());
    TRY(write_files());
    TRY(remove_stale_files());
    if (units_changed_) TRY(effects_.units.reload_all());
    done_ = 1;
    TRY(bring_up());
    return std::move(report_);
  }

 private:
  void say(std::string words) const {
    if (on_progress_) on_progress_({.done = done_, .of = total_, .words = std::move(words)});
  }

  [[nodiscard]] fs::path on_disk(const std::string& path) const { return effects_.root / path.substr(1); }

  Result<void> make_data_folders() {
    for (const auto& folder : desired_.folders) {
      const auto path = on_disk(folder.path);
      if (fs::is_directory(path)) continue;
      TRY(make_folders(path.parent_path()));
      TRY(make_data_folder(folder, path));
    }
    return {};
  }

  // The parent may belong to a container, which may have put anything there: all is done by what is held
  // open, and no link is followed. Prepared under another name, so that a folder that exists is always
  // finished.
  Result<void> make_data_folder(const DataFolder& folder, const fs::path& path) {
    const auto parent = TRY(open_folder_beneath(effects_.root, fs::path(folder.path).parent_path()));
    const auto name = path.filename();
    const auto fresh = ".new-" + name.string();
    TRY(remove_tree(path_of(parent) / fresh));
    if (fs::is_symlink(path_of(parent) / name)) TRY(remove_tree(path_of(parent) / name));
    if (folder.subvolume)
      TRY(make_subvolume(path_of(parent) / fresh));
    else if (::mkdirat(parent.get(), fresh.c_str(), 0700) != 0)
      return errno_error("create folder", path);
    const auto made = TRY(open_file(path_of(parent) / fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (::fchmod(made.get(), folder.mode) != 0) return errno_error("set the mode of", path);
    if (folder.owner != 0) TRY(effects_.own(made, path, folder.owner));
    if (::renameat(parent.get(), fresh.c_str(), parent.get(), name.c_str()) != 0)
      return errno_error("create folder", path);
    return sync_folder(path_of(parent));
  }

  Result<void> set_secrets() {
    if (desired_.secrets.empty()) return {};
    const auto present = TRY(effects_.podman.secrets());
    for (const auto& secret : desired_.secrets) {
      const auto data = read_file(on_disk(secret.file), 500U << 10U);
      if (!data) return std::unexpected(data.error().in("the secret " + secret.name));
      const auto mark = Sha256::of(*data).hex();
      secret_marks_[secret.name] = mark;
      const auto found = present.find(secret.name);
      if (found != present.end() && found->second == mark) continue;
      TRY(effects_.podman.set_secret(secret.name, *data, mark));
    }
    return {};
  }

  [[nodiscard]] bool is_wanted(const std::string& unit) const {
    return std::ranges::contains(desired_.units, unit, &WantedUnit::unit);
  }

  Result<void> stop_unwanted() {
    std::vector<UnitJob> jobs;
    for (const auto& [unit, marks] : applied_.units) {
      if (!is_wanted(unit)) jobs.push_back({UnitVerb::kStop, unit});
    }
    if (jobs.empty()) return {};
    TRY(effects_.units.run(
        jobs, effects_.limit,
        {.on_finished = [this](const UnitJob& job, std::string_view) { report_.jobs.push_back(job); }}));
    for (const auto& job : jobs) applied_.units.erase(job.unit);
    return save_applied(effects_.root, applied_);
  }

  // Known as ours before it is written, so that no file can be left behind.
  Result<void> write_files() {
    for (const auto& file : desired_.files) applied_.files.insert(file.path);
    TRY(save_applied(effects_.root, applied_));
    for (const auto& file : desired_.files) {
      const auto path = on_disk(file.path);
      struct stat about{};
      const bool same_mode = ::stat(path.c_str(), &about) == 0 && (about.st_mode & 07777U) == file.mode;
      if (const auto present = read_file(path); same_mode && present && *present == file.content) continue;
      TRY(write_file(path, file.content, file.mode));
      note_change(file.path);
      report_.written.push_back(file.path);
    }
    return {};
  }

  void note_change(const std::string& path) {
    units_changed_ = units_changed_ || path.starts_with(kUnitFolder);
  }

  Result<void> remove_stale_files() {
    std::set<std::string> wanted;
    for (const auto& file : desired_.files) wanted.insert(file.path);
    for (auto file = applied_.files.begin(); file != applied_.files.end();) {
      if (wanted.contains(*file)) {
        ++file;
        continue;
      }
      TRY(remove_tree(on_disk(*file)));
      note_change(*file);
      report_.removed.push_back(*file);
      file = applied_.files.erase(file);
    }
    return save_applied(effects_.root, applied_);
  }

  void add_fields(Sha256Stream& stream, const std::vector<std::string>& paths) const {
    for (const auto& file : desired_.files) {
      if (std::ranges::contains(paths, file.path)) stream.field(file.path).field(file.content);
    }
  }

  [[nodiscard]] AppliedUnit marks_of(const WantedUnit& unit) const {
    Sha256Stream definition;
    add_fields(definition, unit.definition);
    for (const auto& secret : unit.secrets) definition.field(secret_marks_.at(secret));
    Sha256Stream configuration;
    add_fields(configuration, unit.configuration);
    return {.definition = definition.finish().hex(), .configuration = configuration.finish().hex()};
  }

  // What must be done to a unit; nothing when it runs from what is wanted.
  Result<std::optional<UnitVerb>> verb_for(const WantedUnit& unit) {
    const auto state = TRY(effects_.units.state(unit.unit));
    if (state.load == "not-found" || state.load == "error" || state.load == "bad-setting") {
      return fail(Category::kNotFound, "start", unit.unit,
                  "systemd does not know it (" + state.load +
                      "); see '/usr/lib/systemd/system-generators/podman-system-generator --dryrun'");
    }
    if (state.active == "failed") TRY(effects_.units.reset_failed(unit.unit));
    const auto marks = marks_of(unit);
    const auto found = applied_.units.find(unit.unit);
    const bool running =
        state.active == "active" || state.active == "reloading" || state.active == "activating";
    if (!running) return UnitVerb::kStart;
    if (found == applied_.units.end() || found->second.definition != marks.definition)
      return UnitVerb::kRestart;
    if (found->second.configuration != marks.configuration) {
      return unit.can_reload && state.active == "active" ? UnitVerb::kReload : UnitVerb::kRestart;
    }
    if (state.active == "activating") return UnitVerb::kStart;  // joins the job that is under way
    return std::nullopt;
  }

  // A container that is just being made does not hear that it has to stop, and is killed half a minute later:
  // a unit that has to start anew gets there first.
  Result<void> let_arrive() {
    std::vector<UnitJob> jobs;
    for (const auto& unit : desired_.units) {
      const bool arriving = TRY(effects_.units.state(unit.unit)).active == "activating";
      if (arriving && TRY(verb_for(unit)) == UnitVerb::kRestart)
        jobs.push_back({UnitVerb::kStart, unit.unit});
    }
    if (jobs.empty()) return {};
    constexpr std::chrono::seconds kLongest{30};  // one that does not come up is started anew all the same
    static_cast<void>(effects_.units.run(jobs, std::min(kLongest, effects_.limit), {}));
    return {};
  }

  // A unit that fails is tried again, as systemd does on its own: on a loaded machine a first start may take
  // too long.
  Result<void> bring_up() {
    constexpr int kTries = 3;
    TRY(let_arrive());
    auto jobs = TRY(jobs_to_do());
    for (int tried = 0; tried < kTries && !jobs.empty(); ++tried) {
      failed_.clear();
      waiting_ = jobs;
      TRY(save_applied(effects_.root, applied_));
      say_what_is_awaited();
      TRY(effects_.units.run(jobs, effects_.limit,
                             {.on_finished = [this](const UnitJob& job, std::string_view result) {
                               on_finished(job, result);
                             }}));
      TRY(save_applied(effects_.root, applied_));
      std::erase_if(jobs, [this](const UnitJob& job) { return !failed_.contains(job.unit); });
    }
    return verdict();
  }

  Result<std::vector<UnitJob>> jobs_to_do() {
    std::vector<UnitJob> jobs;
    for (const auto& unit : desired_.units) {
      const auto verb = TRY(verb_for(unit));
      if (!verb) {
        ++done_;
        continue;
      }
      jobs.push_back({*verb, unit.unit});
      // Until the job has ended well nobody knows what the unit runs from.
      if (*verb == UnitVerb::kReload)
        applied_.units[unit.unit].configuration.clear();
      else
        applied_.units[unit.unit] = {};
    }
    return jobs;
  }

  void on_finished(const UnitJob& job, std::string_view result) {
    report_.jobs.push_back(job);
    std::erase(waiting_, job);
    if (result != "done") {
      failed_[job.unit] = result;
    } else {
      ++done_;
      const auto unit = std::ranges::find(desired_.units, job.unit, &WantedUnit::unit);
      applied_.units[job.unit] = marks_of(*unit);
    }
    say_what_is_awaited();
  }

  void say_what_is_awaited() const {
    if (waiting_.empty()) return;
    const auto unit = std::ranges::find(desired_.units, waiting_.front().unit, &WantedUnit::unit);
    say(std::string(waiting_.front().verb == UnitVerb::kReload ? "reloading " : "starting ") + unit->title);
  }

  [[nodiscard]] Result<void> verdict() const {
    if (failed_.empty()) return {};
    std::string units;
    for (const auto& [unit, result] : failed_)
      units += (units.empty() ? "" : ", ") + unit + " (" + result + ")";
    return fail(Category::kCommandFailed, "start", units,
                "the others run; see 'journalctl -b -u " + failed_.begin()->first +
                    "', then 'systemctl restart haven-stack'");
  }

  const DesiredState& desired_;
  const ApplyEffects& effects_;
  const OnProgress& on_progress_;
  Applied applied_;
  ApplyReport report_;
  std::map<std::string, std::string> secret_marks_;
  std::vector<UnitJob> waiting_;
  std::map<std::string, std::string> failed_;  // unit and how its job ended
  bool units_changed_ = false;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
};

}  // namespace

Result<void> own_folder(const Descriptor& folder, const fs::path& path, std::uint32_t owner) {
  if (::fchown(folder.get(), owner, owner) != 0)
    return errno_error("give to user " + std::to_string(owner), path);
  return {};
}

std::string to_string(const Progress& progress) {
  return std::to_string(progress.done) + "/" + std::to_string(progress.of) + " " + progress.words;
}

Result<ApplyReport> apply(const DesiredState& desired, const ApplyEffects& effects,
                          const OnProgress& on_progress) {
  return Applying(desired, effects, on_progress).run();
}

}  // namespace stratify::stack
