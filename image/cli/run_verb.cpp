#include <unistd.h>

#include <charconv>
#include <format>
#include <iostream>

#include "image/cli/verb.hpp"
#include "image/machine/machine.hpp"
#include "image/manifest.hpp"
#include "platform/attached.hpp"
#include "platform/file.hpp"

namespace stratify::image::cli {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

constexpr auto kFirmwareCode = "/usr/share/OVMF/OVMF_CODE_4M.fd";
constexpr auto kFirmwareVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd";
constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kOtherHttp = 8080;
constexpr std::uint16_t kOtherHttps = 8443;

Result<PortForward> parse_forward(const std::string& text) {
  PortForward forward;
  const auto colon = text.find(':');
  const auto number = [&](std::string_view digits, std::uint16_t& value) {
    return std::from_chars(digits.begin(), digits.end(), value).ptr == digits.end() && value != 0;
  };
  if (colon == std::string::npos || !number(std::string_view(text).substr(0, colon), forward.host) ||
      !number(std::string_view(text).substr(colon + 1), forward.guest)) {
    return fail(Category::kInvalidInput, "", "--port " + text, "expected HOST:GUEST, such as 8022:22");
  }
  return forward;
}

// The machine's own port where it is to be had, which takes root; else one that is easy to remember; else
// any.
Result<std::uint16_t> host_port_for(std::uint16_t guest, std::uint16_t other,
                                    const std::vector<PortForward>& taken) {
  constexpr std::uint16_t kNeighbours = 20;
  if (TRY(free_port(guest)) == guest) return guest;
  for (std::uint16_t port = other; port < other + kNeighbours; ++port) {
    if (!std::ranges::contains(taken, port, &PortForward::host) && TRY(free_port(port)) == port) return port;
  }
  return free_port(0);
}

// The asked-for ports as they are; the usual ones where they are free.
Result<std::vector<PortForward>> forwards(const Arguments& arguments) {
  std::vector<PortForward> result;
  for (const auto& text : arguments.list("port")) {
    const auto wanted = TRY(parse_forward(text));
    if (TRY(free_port(wanted.host)) != wanted.host) {
      return fail(Category::kConflict, "forward", "port " + std::to_string(wanted.host),
                  "another program uses it");
    }
    result.push_back(wanted);
  }
  for (const auto& [other, guest] : {PortForward{kOtherHttp, kHttp}, PortForward{kOtherHttps, kHttps}}) {
    if (std::ranges::contains(result, guest, &PortForward::guest)) continue;
    result.push_back({TRY(host_port_for(guest, other, result)), guest});
  }
  return result;
}

Result<std::map<std::string, std::string>> credentials(const Arguments& arguments) {
  std::map<std::string, std::string> result;
  for (const auto& text : arguments.list("credential")) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Category::kInvalidInput, "", "--credential " + text, "expected NAME=VALUE");
    }
    result[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return result;
}

Result<fs::path> image_of(const Arguments& arguments) {
  if (const auto operands = arguments.operands(); !operands.empty()) return operands[0];
  const auto manifest = TRY(load_manifest(arguments.manifest()));
  return arguments.output() / std::format("openhaven-{}-{}.raw", manifest.version, manifest.architecture);
}

std::uint16_t host_port(const MachineOptions& options, std::uint16_t guest) {
  return std::ranges::find(options.forwards, guest, &PortForward::guest)->host;
}

// "127.0.0.1", with the port unless it is the protocol's own.
std::string reached_at(std::uint16_t port, std::uint16_t usual) {
  return port == usual ? "127.0.0.1" : std::format("127.0.0.1:{}", port);
}

std::string stop_keys(const MachineOptions& options) {
  return options.interactive ? "Ctrl-A, then X" : "Ctrl-C";
}

// Its own address means nothing outside QEMU, so the machine shows these. Its console begins by clearing the
// screen: what was said before is said there again.
void tell_outside(MachineOptions& options) {
  const auto http = host_port(options, kHttp);
  const auto https = host_port(options, kHttps);
  options.credentials.try_emplace("openhaven.address", reached_at(http, kHttp));
  options.credentials.try_emplace("openhaven.http_port", std::to_string(http));
  options.credentials.try_emplace("openhaven.https_port", std::to_string(https));
  options.credentials.try_emplace(
      "openhaven.note",
      "A virtual machine. To stop it: " + stop_keys(options) +
          ". Names lead here by a line in /etc/hosts: 127.0.0.1 NAME calendar.NAME files.NAME");
}

Result<MachineOptions> prepare(const Arguments& arguments, ProcessRunner& runner, const fs::path& work) {
  MachineOptions options{.disk = work / "disk.qcow2",
                         .throw_away = !arguments.flag("keep"),
                         .firmware = arguments.flag("bios") ? Firmware::kBios : Firmware::kUefi,
                         .firmware_code = kFirmwareCode,
                         .firmware_variables = work / "firmware-variables.fd",
                         .memory_mib = *arguments.number("memory"),
                         .interactive = ::isatty(STDIN_FILENO) == 1,
                         .forwards = TRY(forwards(arguments)),
                         .credentials = TRY(credentials(arguments))};
  tell_outside(options);
  const auto cpuinfo = read_file("/proc/cpuinfo").value_or("");
  options.hardware_virtualisation = can_virtualise(cpuinfo) && ::access("/dev/kvm", R_OK | W_OK) == 0;
  if (options.throw_away || !fs::exists(options.disk)) {
    TRY(make_overlay(runner, options.disk, TRY(image_of(arguments)), *arguments.number("disk-size")));
  }
  if (options.firmware == Firmware::kUefi && !fs::exists(options.firmware_variables)) {
    TRY(write_file(options.firmware_variables, TRY(read_file(kFirmwareVariables)), 0600));
  }
  if (const auto user_data = arguments.text("user-data")) {
    options.seed = work / "seed.img";
    TRY(remove_tree(*options.seed));
    TRY(make_seed(runner, *options.seed, *user_data));
  }
  return options;
}

void announce(const Arguments& arguments, const MachineOptions& options) {
  const auto http = host_port(options, kHttp);
  const auto https = host_port(options, kHttps);
  arguments.result(
      std::format(
          "Claim page:  http://{}/ in a few moments\n"
          "Claim code:  appears below, on the machine's console\n"
          "Addresses:   lead here once /etc/hosts has the line\n"
          "             127.0.0.1 cloud.home.arpa calendar.cloud.home.arpa files.cloud.home.arpa\n"
          "             (with the name you choose){}\n"
          "Disk:        {}\n"
          "To stop:     {}\n{}\n",
          reached_at(http, kHttp),
          https == kHttps ? "" : std::format("; add :{0}, as in https://cloud.home.arpa:{0}/", https),
          options.throw_away ? "a throw-away copy; changes end with the machine" : options.disk.string(),
          stop_keys(options),
          options.hardware_virtualisation
              ? ""
              : "This machine has no hardware virtualisation: starting takes a minute.\n"),
      {{"http", http},
       {"https", https},
       {"disk", options.disk.string()},
       {"kvm", options.hardware_virtualisation}});
}

Result<void> run_run(const Arguments& arguments) {
  RealProcessRunner runner;
  const auto kept = arguments.output() / "machine";
  std::optional<TemporaryFolder> temporary;
  if (!arguments.flag("keep"))
    temporary.emplace(TRY(TemporaryFolder::create(arguments.output() / "tmp", "machine")));
  TRY(make_folders(kept.parent_path()));
  if (!temporary) TRY(make_folders(kept));
  const auto options = TRY(prepare(arguments, runner, temporary ? temporary->path() : kept));
  announce(arguments, options);
  const auto code = TRY(run_attached({.arguments = qemu_command(options)}));
  if (code == 0) return {};
  return fail(Category::kCommandFailed, "run", "qemu-system-x86_64", "exit code " + std::to_string(code));
}

}  // namespace

Verb run_verb() {
  Verb verb{
      .name = "run",
      .summary = "start an image in a virtual machine",
      .operands = "[IMAGE]",
      .description =
          "Starts IMAGE (raw or qcow2; default: the one `stratify build` made last) in QEMU and shows its "
          "serial "
          "console. Two ports of this machine lead to it, reachable from here alone: 80 and 443 where they "
          "may be had, else "
          "8080 and 8443, or other free ones, which are printed.\n\n"
          "The image itself is never changed: what the machine writes goes to a copy-on-write overlay that "
          "is thrown "
          "away at the end, or with --keep stays for the next start. Its disk is larger than the image, so "
          "that the "
          "first start grows the root as on real hardware.",
      .examples = {{"stratify run", "starts the image that was built last"},
                   {"stratify run --bios --keep", "as on a BIOS machine; the state stays in out/machine"},
                   {"stratify run --credential openhaven.domain=haven.test",
                    "claims the machine without the page"},
                   {"stratify run --user-data cloud-init/samples/claim.yaml", "claims it by cloud-init"}},
      .files = {{"out/machine/", "disk and firmware settings of --keep; remove it to begin anew"}},
      .run = run_run};
  auto add = verb.options.add_options();
  add("bios", po::bool_switch(), "start by BIOS instead of UEFI");
  add("keep", po::bool_switch(), "keep what the machine writes for the next start");
  add("port", po::value<std::vector<std::string>>()->value_name("HOST:GUEST")->composing(),
      "forward another port of 127.0.0.1; may be repeated");
  add("credential", po::value<std::vector<std::string>>()->value_name("NAME=VALUE")->composing(),
      "pass a systemd credential through the firmware; may be repeated");
  add("user-data", po::value<std::string>()->value_name("FILE"), "pass FILE to cloud-init");
  add("memory", po::value<unsigned>()->value_name("MIB")->default_value(2048), "memory of the machine");
  add("disk-size", po::value<unsigned>()->value_name("GIB")->default_value(16), "size of its disk");
  return verb;
}

}  // namespace stratify::image::cli
