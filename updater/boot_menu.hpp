// The GRUB menu of a machine, made from the boot loader entries libostree writes (UAPI Boot Loader
// Specification, type 1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"

namespace stratify::updater {

struct BootEntry {
  std::string file;  // "ostree-1.conf", for messages and as the last criterion of order
  std::string title;
  std::uint64_t version = 0;  // libostree counts: the highest is the deployment to boot
  std::string kernel;         // path on /boot
  std::vector<std::string> initrds;
  std::string devicetree;
  std::string options;     // kernel command line
  std::string deployment;  // "<commit>.<serial>" once resolved; empty when not known
};

// Unknown keys are ignored, as the specification says. kInvalidInput, naming the file, without "linux".
[[nodiscard]] Result<BootEntry> parse_boot_entry(std::string file, std::string_view text);

// The path the entry's "ostree=" argument names, empty when there is none:
// "/ostree/boot.1/openhaven/<hash>/0", a symlink to the deployment.
[[nodiscard]] std::string deployment_link(const BootEntry& entry);

// The menu, highest version first. Whatever the entries contain, nothing of it is executed by GRUB.
//
// trial is the deployment that has to prove itself, empty when none has. When it is the first entry's, the
// menu sets haven_unconfirmed to it: the static configuration then starts it only as often as the boot
// environment allows, and never when that is lost. The entry gets the kernel argument haven.trial, by which
// the units of the version know where they are.
[[nodiscard]] std::string render_boot_menu(std::vector<BootEntry> entries, const std::string& trial = {});

}  // namespace stratify::updater
