#include "platform/boot_environment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/file.hpp"

namespace stratify {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHeader = "# GRUB Environment Block\n";
constexpr std::string_view kOurs = "haven_";
constexpr std::size_t kBlockSize = 1024;
constexpr std::size_t kSectorSize = 512;

bool is_ours(std::string_view name) { return name.starts_with(kOurs); }

// One value, as GRUB escapes it: a backslash before each backslash and newline.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '\n') text += '\\';
    text += c;
  }
  return text;
}

// Takes a value with its escapes, and the newline behind it, from the front of text. Nothing when its end is
// missing: GRUB does not use such a value either.
std::optional<std::string> take_value(std::string_view& text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\') ++i;
    if (i == text.size()) break;
    value += text[i];
  }
  return std::nullopt;
}

// A comment ends at the next newline, escaped or not.
void skip_comment(std::string_view& text) {
  const auto end = text.find('\n');
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
}

}  // namespace

Result<BootEnvironment> BootEnvironment::parse(std::string_view block) {
  const auto damaged = [](std::string cause) {
    return fail(Category::kInvalidInput, "read", "GRUB's environment block", std::move(cause));
  };
  if (block.size() != kBlockSize)
    return damaged("it has " + std::to_string(block.size()) + " bytes instead of 1024");
  if (!block.starts_with(kHeader)) return damaged("it does not begin as GRUB writes it");
  block.remove_prefix(kHeader.size());
  BootEnvironment environment;
  while (!block.empty()) {
    if (block.front() == '#') {
      skip_comment(block);
      continue;
    }
    // As GRUB does: a name goes on to the next '=', even over the end of its line, and has no escapes.
    const auto equals = block.find('=');
    if (equals == std::string_view::npos) break;
    const auto name = block.substr(0, equals);
    block.remove_prefix(equals + 1);
    const auto value = take_value(block);
    if (!value) break;
    if (!name.empty() && !name.contains('\n')) environment.set(name, *value);
  }
  return environment;
}

std::optional<std::string> BootEnvironment::get(std::string_view name) const {
  const auto found = std::ranges::find(variables_, name, &Variable::first);
  return found == variables_.end() ? std::nullopt : std::optional(found->second);
}

void BootEnvironment::set(std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(variables_, name, &Variable::first);
  if (found != variables_.end()) {
    found->second = value;
    return;
  }
  auto place = variables_.end();
  if (is_ours(name)) {
    place = std::ranges::find_if(variables_, [&](const Variable& other) {
      return !is_ours(other.first) || std::string_view(other.first) > name;
    });
  }
  variables_.emplace(place, name, value);
}

void BootEnvironment::unset(std::string_view name) {
  std::erase_if(variables_, [&](const Variable& variable) { return variable.first == name; });
}

Result<std::string> BootEnvironment::render() const {
  std::string block(kHeader);
  std::size_t ours = block.size();
  for (const auto& [name, value] : variables_) {
    block += name + "=" + escaped(value) + "\n";
    if (is_ours(name)) ours = block.size();
  }
  if (ours > kSectorSize || block.size() > kBlockSize) {
    return fail(Category::kNoSpace, "write", "GRUB's environment block",
                "its values do not fit; look at them with: grub-editenv list");
  }
  block.resize(kBlockSize, '#');
  return block;
}

Result<BootEnvironment> read_boot_environment(const fs::path& file) {
  auto environment = BootEnvironment::parse(TRY(read_file(file, kBlockSize)));
  if (!environment) return std::unexpected(environment.error().in(file.string()));
  return environment;
}

Result<void> write_boot_environment(const fs::path& file, const BootEnvironment& environment) {
  const auto block = TRY(environment.render());
  struct stat about{};
  if (::lstat(file.c_str(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size != kBlockSize)
    return write_file_durably(file, block, 0600);
  const auto fd = TRY(open_file(file, O_WRONLY | O_NOFOLLOW));
  const auto count = ::pwrite(fd.get(), block.data(), block.size(), 0);
  if (count < 0) return errno_error("write", file);
  if (count != static_cast<ssize_t>(block.size())) return errno_error("write", file, EIO);
  if (::fsync(fd.get()) != 0) return errno_error("flush", file);
  return {};
}

}  // namespace stratify
