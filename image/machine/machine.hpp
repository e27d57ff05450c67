// An image started in QEMU on this machine, as a person tries it out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/process.hpp"

namespace stratify::image {

struct PortForward {
  std::uint16_t host = 0;  // on 127.0.0.1
  std::uint16_t guest = 0;
};

enum class Firmware { kUefi, kBios };

struct MachineOptions {
  std::filesystem::path disk;  // qcow2, written to
  bool throw_away = true;      // the disk need not survive a crash of this machine
  Firmware firmware = Firmware::kUefi;
  std::filesystem::path firmware_code;        // for kUefi: read only
  std::filesystem::path firmware_variables;   // for kUefi: written to
  std::optional<std::filesystem::path> seed;  // NoCloud data, a raw FAT image
  std::uint64_t memory_mib = 2048;
  unsigned processors = 2;
  bool hardware_virtualisation = false;
  bool interactive = false;  // the console reads this terminal, Ctrl-A is QEMU's
  std::vector<PortForward> forwards;
  std::map<std::string, std::string>
      credentials;  // systemd credentials (systemd.io/CREDENTIALS), passed by SMBIOS
};

// The command line for QEMU 10: q35, virtio disk, network and random numbers, a watchdog, the serial console
// on standard output.
[[nodiscard]] std::vector<std::string> qemu_command(const MachineOptions& options);

// Whether the processor can run guests, by /proc/cpuinfo: /dev/kvm may open and still run none.
[[nodiscard]] bool can_virtualise(std::string_view cpuinfo);

// wanted when it is free on 127.0.0.1, otherwise another free one.
[[nodiscard]] Result<std::uint16_t> free_port(std::uint16_t wanted);

// A cloud-init seed (NoCloud, file system label CIDATA) with this user-data.
[[nodiscard]] Result<void> make_seed(ProcessRunner& runner, const std::filesystem::path& image,
                                     const std::filesystem::path& user_data);

// A copy-on-write overlay of an image, of at least `gibibytes`; the image itself is never written to.
[[nodiscard]] Result<void> make_overlay(ProcessRunner& runner, const std::filesystem::path& overlay,
                                        const std::filesystem::path& image, unsigned gibibytes);

}  // namespace stratify::image
