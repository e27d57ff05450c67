#include <openssl/evp.h>

#include <algorithm>
#include <format>
#include <ranges>

#include "image/machine/machine.hpp"

namespace stratify::image {

namespace {

// In QEMU's option lists a comma ends a value and two stand for one.
std::string escaped(std::string_view value) {
  std::string result;
  for (const char c : value) result += c == ',' ? std::string(",,") : std::string(1, c);
  return result;
}

std::string base64(std::string_view data) {
  std::string text(4 * ((data.size() + 2) / 3) + 1, '\0');
  const auto length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(data.data()), static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// SMBIOS strings hold no control characters, so such a value travels as base64.
std::string credential(const std::string& name, std::string_view value) {
  const bool plain = std::ranges::all_of(value, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  const auto text = plain ? std::format("io.systemd.credential:{}={}", name, value)
                          : std::format("io.systemd.credential.binary:{}={}", name, base64(value));
  return "type=11,value=" + escaped(text);
}

std::string network(const std::vector<PortForward>& forwards) {
  std::string text = "user,id=net";
  for (const auto& forward : forwards)
    text += std::format(",hostfwd=tcp:127.0.0.1:{}-:{}", forward.host, forward.guest);
  return text;
}

using Words = std::vector<std::string>;

Words processor(const MachineOptions& options) {
  Words words{"-smp", std::to_string(options.processors), "-m", std::to_string(options.memory_mib)};
  const Words accelerator = options.hardware_virtualisation
                                ? Words{"-accel", "kvm", "-cpu", "host"}
                                : Words{"-accel", "tcg,thread=multi", "-cpu", "max"};
  words.insert(words.end(), accelerator.begin(), accelerator.end());
  return words;
}

Words firmware(const MachineOptions& options) {
  if (options.firmware == Firmware::kBios) return {};
  return {"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + escaped(options.firmware_code.string()),
          "-drive", "if=pflash,unit=1,format=raw,file=" + escaped(options.firmware_variables.string())};
}

Words disks(const MachineOptions& options) {
  Words words{"-drive",
              std::format("if=none,id=disk,format=qcow2,discard=unmap,cache={},file={}",
                          options.throw_away ? "unsafe" : "writeback", escaped(options.disk.string())),
              "-device", "virtio-blk-pci,drive=disk,bootindex=0"};
  if (options.seed) {
    const Words seed{"-drive",
                     "if=none,id=seed,format=raw,readonly=on,file=" + escaped(options.seed->string()),
                     "-device", "virtio-blk-pci,drive=seed"};
    words.insert(words.end(), seed.begin(), seed.end());
  }
  return words;
}

Words console(const MachineOptions& options) {
  if (!options.interactive) return {"-chardev", "stdio,id=console", "-serial", "chardev:console"};
  return {"-chardev",       "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console", "-mon",
          "chardev=console"};
}

}  // namespace

std::vector<std::string> qemu_command(const MachineOptions& options) {
  Words words{"qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35", "-vga", "std",
              "-display",           "none"};
  for (const auto& group :
       {processor(options), firmware(options), disks(options),
        Words{"-netdev", network(options.forwards), "-device", "virtio-net-pci,netdev=net"},
        Words{"-object", "rng-random,id=random,filename=/dev/urandom", "-device",
              "virtio-rng-pci,rng=random"},
        Words{"-device", "i6300esb", "-action", "watchdog=reset"}, console(options)}) {
    words.insert(words.end(), group.begin(), group.end());
  }
  for (const auto& [name, value] : options.credentials) {
    words.emplace_back("-smbios");
    words.push_back(credential(name, value));
  }
  return words;
}

bool can_virtualise(std::string_view cpuinfo) {
  for (const auto line : std::views::split(cpuinfo, '\n')) {
    if (!std::string_view(line).starts_with("flags")) continue;
    for (const auto flag : std::views::split(std::string_view(line), ' ')) {
      if (std::string_view(flag) == "vmx" || std::string_view(flag) == "svm") return true;
    }
  }
  return false;
}

}  // namespace stratify::image
