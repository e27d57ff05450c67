// haven-boot-menu: what libostree calls as grub-mkconfig when it has written new boot loader entries.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/boot_environment.hpp"
#include "platform/file.hpp"
#include "updater/boot_menu.hpp"

namespace {

namespace fs = std::filesystem;
using namespace stratify;           // NOLINT(google-build-using-namespace): a program of one file
using namespace stratify::updater;  // NOLINT(google-build-using-namespace)

constexpr auto kUsage =
    "Usage: haven-boot-menu [-o FILE] [--sysroot FOLDER] [--proven]\n\n"
    "Writes GRUB's menu from the boot loader entries in the folder \"entries\" beside FILE, replacing FILE "
    "in one\n"
    "step. Without -o the entries of /boot/loader are used and the menu is printed.\n\n"
    "  -o, --output FILE   the file to write, e.g. /boot/loader.1/grub.cfg\n"
    "  --sysroot FOLDER    root of the file system that holds /ostree (default: /)\n"
    "  --proven            no version is on trial, whatever the boot environment says\n"
    "  --help              print this and exit\n\n"
    "Exit codes: 0 written, 1 failed, 2 wrong usage.\n";

struct Arguments {
  std::optional<fs::path> output;
  fs::path sysroot = "/";
  bool proven = false;
  bool help = false;
};

std::optional<Arguments> parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--help" || words[i] == "-h")
      arguments.help = true;
    else if ((words[i] == "-o" || words[i] == "--output") && has_value)
      arguments.output = words[++i];
    else if (words[i] == "--proven")
      arguments.proven = true;
    else if (words[i] == "--sysroot" && has_value)
      arguments.sysroot = words[++i];
    else
      return std::nullopt;
  }
  return arguments;
}

// "<commit>.<serial>", the folder the entry's link leads to; empty when it leads nowhere.
std::string deployment_of(const BootEntry& entry, const fs::path& sysroot) {
  const auto link = deployment_link(entry);
  std::error_code error;
  if (link.empty()) return {};
  const auto folder = fs::canonical(sysroot / fs::path(link).relative_path(), error);
  return error ? std::string() : folder.filename().string();
}

Result<std::vector<BootEntry>> read_entries(const fs::path& folder, const fs::path& sysroot) {
  std::vector<BootEntry> entries;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    if (file.path().extension() != ".conf") continue;
    auto entry = TRY(parse_boot_entry(file.path().filename(), TRY(read_file(file.path(), 64U << 10U))));
    entry.deployment = deployment_of(entry, sysroot);
    entries.push_back(std::move(entry));
  }
  if (error) return errno_error("list", folder, error.value());
  if (entries.empty())
    return fail(Category::kNotFound, "read", folder, "it holds no boot loader entry (*.conf)");
  return entries;
}

// The deployment on trial, as the updater announced it. A damaged environment announces nothing.
std::string trial_in(const fs::path& environment) {
  const auto values = read_boot_environment(environment);
  return values ? values->get("haven_trial").value_or("") : "";
}

Result<void> run(const Arguments& arguments) {
  const fs::path folder = arguments.output ? arguments.output->parent_path() : "/boot/loader";
  const auto trial = arguments.proven ? std::string() : trial_in(folder.parent_path() / "grub2/grubenv");
  const auto menu = render_boot_menu(TRY(read_entries(folder / "entries", arguments.sysroot)), trial);
  if (arguments.output) return write_file_durably(*arguments.output, menu, 0600);
  std::fputs(menu.c_str(), stdout);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse({argv + 1, argv + argc});
  if (!arguments || arguments->help) {
    std::fputs(kUsage, arguments ? stdout : stderr);
    return arguments ? 0 : 2;
  }
  const auto written = run(*arguments);
  if (written) return 0;
  std::fprintf(stderr, "haven-boot-menu: %s\n", written.error().message().c_str());
  return 1;
}
