#include "updater/boot_menu.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <ranges>
#include <utility>

namespace stratify::updater {

namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// "key value" of one line; nothing for empty lines and comments.
std::optional<std::pair<std::string_view, std::string_view>> key_and_value(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || line.starts_with('#')) return std::nullopt;
  const auto end = line.find_first_of(kBlank);
  if (end == std::string_view::npos) return std::pair{line, std::string_view()};
  return std::pair{line.substr(0, end), trimmed(line.substr(end))};
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void take(BootEntry& entry, std::string_view key, std::string_view value) {
  if (key == "title") entry.title = value;
  if (key == "version") entry.version = number(value);
  if (key == "linux") entry.kernel = value;
  if (key == "initrd") entry.initrds.emplace_back(value);
  if (key == "devicetree") entry.devicetree = value;
  if (key == "options") entry.options += (entry.options.empty() ? "" : " ") + std::string(value);
}

// One word of GRUB's script language that stands for exactly this text: between single quotes nothing is
// special (GRUB manual, "Quoting"). Control characters become spaces: a newline would end a quoted word in
// older parsers.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'')
      word += "'\\''";
    else
      word += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return word + "'";
}

// The arguments of a kernel command line. The kernel lets double quotes hold blanks together; GRUB sets them
// itself around a word with blanks, so they are taken off here.
std::vector<std::string> arguments_of(std::string_view options) {
  std::vector<std::string> arguments;
  std::string current;
  bool inside_quotes = false;
  bool any = false;
  for (const char c : options) {
    const bool blank = kBlank.contains(c) && !inside_quotes;
    if (c == '"')
      inside_quotes = !inside_quotes;
    else if (!blank)
      current += c;
    any = any || !blank;
    if (blank && any) arguments.push_back(std::exchange(current, {}));
    if (blank) any = false;
  }
  if (any) arguments.push_back(std::move(current));
  return arguments;
}

std::string command(std::string_view name, const std::vector<std::string>& words) {
  std::string line = "  " + std::string(name);
  for (const auto& word : words) line += " " + quoted(word);
  return line + "\n";
}

// GRUB boots a kernel whose initramfs it could not load, and that kernel finds no root. So nothing is loaded
// unless all is there: an entry that loads nothing makes GRUB go on to the next one, without a key being
// pressed.
std::string all_there(const BootEntry& entry) {
  std::string test = "if [ -f " + quoted(entry.kernel);
  for (const auto& initrd : entry.initrds) test += " -a -f " + quoted(initrd);
  return test + " ]; then\n";
}

std::string render(const BootEntry& entry) {
  std::vector<std::string> kernel{entry.kernel};
  std::ranges::copy(arguments_of(entry.options), std::back_inserter(kernel));
  std::string text = "menuentry " + quoted(entry.title.empty() ? entry.file : entry.title) + " --id " +
                     quoted(entry.deployment.empty() ? entry.file : entry.deployment) + " --unrestricted {\n";
  text += all_there(entry);
  text += command("linux", kernel);
  if (!entry.initrds.empty()) text += command("initrd", entry.initrds);
  if (!entry.devicetree.empty()) text += command("devicetree", {entry.devicetree});
  return text + "fi\n}\n";
}

}  // namespace

Result<BootEntry> parse_boot_entry(std::string file, std::string_view text) {
  BootEntry entry;
  entry.file = std::move(file);
  for (const auto line : std::views::split(text, '\n')) {
    if (const auto pair = key_and_value(std::string_view(line))) take(entry, pair->first, pair->second);
  }
  if (entry.kernel.empty()) {
    return fail(Category::kInvalidInput, "read", entry.file,
                "a boot loader entry needs a line \"linux PATH\"");
  }
  return entry;
}

std::string deployment_link(const BootEntry& entry) {
  constexpr std::string_view kKey = "ostree=";
  for (const auto& argument : arguments_of(entry.options)) {
    if (argument.starts_with(kKey)) return argument.substr(kKey.size());
  }
  return {};
}

std::string render_boot_menu(std::vector<BootEntry> entries, const std::string& trial) {
  std::ranges::sort(entries, [](const BootEntry& a, const BootEntry& b) {
    return std::tie(b.version, b.file) < std::tie(a.version, a.file);
  });
  std::string text =
      "# Written by haven-boot-menu from the boot loader entries beside it. Do not edit: every deployment\n"
      "# writes it anew.\n";
  text += "set haven_first=" + quoted(entries.empty() ? "" : entries.front().deployment) + "\n";
  if (!trial.empty() && !entries.empty() && entries.front().deployment == trial) {
    text += "set haven_unconfirmed=" + quoted(trial) + "\n";
    entries.front().options += " haven.trial=1";
  }
  for (const auto& entry : entries) text += render(entry);
  return text;
}

}  // namespace stratify::updater
