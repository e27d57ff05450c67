#include "updater/machine_boot.hpp"

#include <algorithm>

#include "platform/file.hpp"

namespace stratify::updater {

namespace {

// The names that image/disk/grub.cfg reads.
constexpr const char* kTrial = "haven_trial";
constexpr const char* kTries = "haven_tries";

// Its stop writes /etc and the boot menu of what is staged (ostree-finalize-staged.service(8)).
constexpr const char* kFinalize = "ostree-finalize-staged.service";
constexpr std::chrono::seconds kFinalizeLimit{300};

Result<ostree::Deployment> the_one(const std::vector<ostree::Deployment>& all,
                                   bool ostree::Deployment::* property, const char* what) {
  const auto found = std::ranges::find_if(all, property);
  if (found == all.end()) return fail(Category::kNotFound, "find", what, "libostree knows none");
  return *found;
}

}  // namespace

Result<BootView> MachineBoot::look() {
  const auto all = TRY(TRY(sysroot()).deployments());
  const auto running = TRY(the_one(all, &ostree::Deployment::booted, "the running version"));
  BootView view{.running = {.deployment = running.id, .version = running.version}, .menu = {}, .staged = {}};
  for (const auto& deployment : all) {
    if (deployment.staged)
      view.staged = deployment.id;
    else
      view.menu.push_back(deployment.id);
  }
  return view;
}

Result<std::string> MachineBoot::stage(const Target& target) {
  return TRY(TRY(sysroot()).stage(target.commit, target.ref)).id;
}

Result<void> MachineBoot::unstage() { return TRY(sysroot()).drop_staged(); }

Result<void> MachineBoot::set_trial(const std::string& deployment, const std::string& tries) {
  TRY(options_.make_writable(options_.boot));
  auto block = read_boot_environment(environment());
  // Missing or damaged it holds nothing that is worth keeping.
  auto values = block ? *std::move(block) : BootEnvironment();
  values.set(kTrial, deployment);
  values.set(kTries, tries);
  TRY(write_boot_environment(environment(), values));
  return checkpoint_for_boot_loader(options_.boot);
}

Result<void> MachineBoot::announce_trial(const std::string& deployment) { return set_trial(deployment, "3"); }

Result<void> MachineBoot::turn_to(const std::string& deployment) {
  TRY(TRY(sysroot()).unlock_staged());
  TRY(run_job(units_, {.verb = UnitVerb::kStop, .unit = kFinalize}, kFinalizeLimit));
  const auto view = TRY(look());
  if (!view.menu.empty() && view.menu.front() == deployment) return {};
  return fail(
      Category::kConflict, "switch to", deployment,
      "libostree did not make it the first of the boot menu; see: journalctl -u " + std::string(kFinalize));
}

Result<void> MachineBoot::write_menu(std::vector<std::string> options) {
  std::vector<std::string> words{options_.menu_program, "-o", options_.boot / "loader/grub.cfg"};
  words.insert(words.end(), options.begin(), options.end());
  TRY(run_checked(runner_, {.arguments = words}));
  return checkpoint_for_boot_loader(options_.boot);
}

// The menu first: without a mark in it nothing is counted, whatever the environment says.
Result<void> MachineBoot::keep() {
  TRY(options_.make_writable(options_.boot));
  TRY(write_menu({"--proven"}));
  TRY(forget_trial());
  return write_file(options_.proven, "");
}

Result<void> MachineBoot::forget_trial() {
  auto block = read_boot_environment(environment());
  if (block && !block->get(kTrial) && !block->get(kTries)) return {};
  auto values = block ? *std::move(block) : BootEnvironment();
  TRY(options_.make_writable(options_.boot));
  values.unset(kTrial);
  values.unset(kTries);
  TRY(write_boot_environment(environment(), values));
  return checkpoint_for_boot_loader(options_.boot);
}

Result<void> MachineBoot::give_up(const std::string& deployment) {
  TRY(set_trial(deployment, "0"));
  return write_menu({});
}

Result<void> MachineBoot::go_back_for_good(const std::string& gone) {
  const auto view = TRY(look());
  std::vector<std::string> kept{view.running.deployment};
  for (const auto& id : view.menu) {
    if (id != gone && id != view.running.deployment) kept.push_back(id);
  }
  if (kept != view.menu) TRY(TRY(sysroot()).order(kept));
  TRY(forget_trial());
  return TRY(sysroot()).clean_up();
}

}  // namespace stratify::updater
