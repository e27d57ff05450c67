// haven-update: one piece of an update, as haven-update@.service and haven-update-start.service run it.
#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "platform/bus.hpp"
#include "platform/podman.hpp"
#include "platform/process.hpp"
#include "updater/machine_boot.hpp"
#include "updater/machine_data.hpp"
#include "updater/machine_services.hpp"
#include "updater/machine_source.hpp"
#include "updater/verbs.hpp"

namespace {

using namespace stratify;           // NOLINT(google-build-using-namespace): a program of one file
using namespace stratify::updater;  // NOLINT(google-build-using-namespace)

// Written by haven-updater while an update comes from a medium.
constexpr const char* kFolderFile = "/run/openhaven/update-from";

double seconds_since_epoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The unit's StatusText, which haven-updater shows.
void show(std::string_view words) {
  static_cast<void>(::sd_notifyf(0, "STATUS=%.*s", static_cast<int>(words.size()), words.data()));
}

void tell(std::string_view words) {
  show(words);
  std::cout << words << std::endl;
}

// A file of the owner's that is wrong must not keep a machine from the update that is under way.
stack::UpdateSettings settings() {
  const auto configuration = stack::load_configuration("/");
  if (!configuration) tell(configuration.error().message() + "; updates go by the defaults meanwhile");
  return configuration && *configuration ? (*configuration)->updates : stack::UpdateSettings();
}

std::optional<std::filesystem::path> folder() {
  const auto path = read_file(kFolderFile, 4096);
  return path && !path->empty() ? std::optional<std::filesystem::path>(*path) : std::nullopt;
}

Result<void> run(const UpdateVerb& verb) {
  const Store store(std::filesystem::path("/") / kUpdateFolder);
  const auto turn = TRY(Turn::take(store.folder(), verb.meaning));
  auto units = TRY(SystemdUnits::connect());
  PodmanSocket podman;
  RealProcessRunner runner;
  const auto wanted = settings();
  MachineSource source(podman,
                       {.settings = wanted, .folder = folder(), .clock = seconds_since_epoch, .say = show});
  MachineBoot boot(units, runner, {});
  MachineData data(DataSets("/"), seconds_since_epoch);
  MachineServices services(units, podman,
                           {.trial = std::chrono::seconds(wanted.trial_seconds),
                            .pause = [](auto time) { std::this_thread::sleep_for(time); },
                            .say = show});
  const Effects effects{.source = source,
                        .boot = boot,
                        .data = data,
                        .services = services,
                        .clock = seconds_since_epoch,
                        .say = tell};
  auto update = TRY(Update::open(store, effects));
  return verb.run(update);
}

int usage(std::FILE* out) {
  std::fputs(
      "Usage: haven-update VERB\n\nOne piece of an update, for haven-updater; people use \"haven "
      "update\".\n\n",
      out);
  for (const auto& verb : update_verbs())
    std::fprintf(out, "  %-24s %s\n", std::string(verb.name).c_str(), std::string(verb.meaning).c_str());
  std::fputs("\nExit codes: 0 done, 1 failed, 2 wrong usage.\n", out);
  return out == stdout ? EXIT_SUCCESS : 2;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kOneWord = 2;
  const std::string_view word = argc == kOneWord ? argv[1] : "";
  if (word == "--help" || word == "-h") return usage(stdout);
  const auto* verb = find_verb(word);
  if (verb == nullptr) return usage(stderr);
  const auto done = run(*verb);
  if (done) return EXIT_SUCCESS;
  show(done.error().message());
  std::cerr << "haven-update: " << done.error().message() << "\n";
  return EXIT_FAILURE;
}
