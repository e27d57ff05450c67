// haven-stack: renders the stack and makes the machine be what was rendered.
#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <boost/program_options.hpp>

#include "platform/bus.hpp"
#include "platform/podman.hpp"
#include "stack/apply.hpp"
#include "stack/command.hpp"

namespace stratify::stack {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* kHelp =
    "haven-stack - render the stack and make the machine be what was rendered\n"
    "\n"
    "  haven-stack [apply]                        bring the services to what the catalogue and\n"
    "                                             /etc/openhaven/cloud.yaml say; safe to run at any time\n"
    "  haven-stack render [--root DIR] --output DIR\n"
    "                                             write what would be rendered below DIR, change nothing\n"
    "  haven-stack dns                            look whether the names lead here; apply when one has come "
    "to\n"
    "  haven-stack health                         wait until every address answers over TLS\n"
    "\n"
    "Exit codes: 0 done, 1 failed (the message says what to do), 2 wrong arguments, 3 a file is wrong.\n"
    "\n";

// The unit's StatusText, which the claim shows; and the journal.
void report(const Progress& progress) {
  const auto words = to_string(progress);
  static_cast<void>(::sd_notifyf(0, "STATUS=%s", words.c_str()));
  std::cout << words << std::endl;
}

Result<void> run_apply(const fs::path& root) {
  auto units = TRY(SystemdUnits::connect());
  PodmanSocket podman;
  const auto desired = TRY(render_machine(root));
  const ApplyEffects effects{.root = root, .units = units, .podman = podman, .own = own_folder};
  TRY(apply(desired, effects, report));
  static_cast<void>(::sd_notify(0, "STATUS=All services run."));
  return {};
}

Result<void> run_render(const fs::path& root, const fs::path& output) {
  return write_rendered(TRY(render_machine(root)), output);
}

Result<void> run_dns(const fs::path& root) {
  SystemDnsProbe probe;
  if (!TRY(check_dns(root, probe))) return {};
  auto units = TRY(SystemdUnits::connect());
  return run_job(units, {UnitVerb::kRestart, "haven-stack.service"}, std::chrono::seconds(600));
}

// A rough time, since the units were healthy already; a small machine that starts everything at once needs
// some.
constexpr std::chrono::seconds kPatience{180};
constexpr std::chrono::milliseconds kBetweenVisits{200};

Result<void> run_health(const fs::path& root) {
  LocalAddressProbe probe;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto pause = [end] {
    std::this_thread::sleep_for(kBetweenVisits);
    return std::chrono::steady_clock::now() < end;
  };
  const auto say = [](const std::string& words) {
    static_cast<void>(::sd_notifyf(0, "STATUS=%s", words.c_str()));
    std::cout << words << std::endl;
  };
  TRY(see_health(root, probe, {.pause = pause, .say = say}));
  static_cast<void>(::sd_notify(0, "STATUS=Every address answers."));
  return {};
}

int exit_code_of(const Result<void>& result) {
  if (result) return EXIT_SUCCESS;
  std::cerr << "haven-stack: " << result.error().message() << "\n";
  static_cast<void>(::sd_notifyf(0, "STATUS=%s", result.error().message().c_str()));
  return result.error().category() == Category::kInvalidInput ? 3 : EXIT_FAILURE;
}

int run(const po::variables_map& options) {
  const auto verb = options["verb"].as<std::string>();
  const fs::path root = options["root"].as<std::string>();
  if (verb == "apply") return exit_code_of(run_apply(root));
  if (verb == "dns") return exit_code_of(run_dns(root));
  if (verb == "health") return exit_code_of(run_health(root));
  if (verb == "render" && options.contains("output")) {
    return exit_code_of(run_render(root, options["output"].as<std::string>()));
  }
  std::cerr << "haven-stack: "
            << (verb == "render" ? "render needs --output DIR" : "unknown verb '" + verb + "'")
            << "; see haven-stack --help\n";
  return 2;
}

int parse_and_run(int argc, char** argv) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("help,h", "this text");
  add("root", po::value<std::string>()->default_value("/"), "read the machine below this folder");
  add("output", po::value<std::string>(), "write the rendered files below this folder");
  add("verb", po::value<std::string>()->default_value("apply"), "apply, render, dns or health");
  po::positional_options_description positions;
  positions.add("verb", 1);
  try {
    po::variables_map values;
    po::store(po::command_line_parser(argc, argv).options(options).positional(positions).run(), values);
    if (values.contains("help")) {
      std::cout << kHelp << options;
      return EXIT_SUCCESS;
    }
    return run(values);
  } catch (const po::error& error) {
    std::cerr << "haven-stack: " << error.what() << "; see haven-stack --help\n";
    return 2;
  }
}

}  // namespace
}  // namespace stratify::stack

int main(int argc, char** argv) { return stratify::stack::parse_and_run(argc, argv); }
