#include "updater/etc_merge.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include "platform/file.hpp"

namespace stratify::updater {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargest = 16U << 20U;

enum class Kind { kNone, kFile, kLink, kFolder };

Kind kind_of(const fs::path& path) {
  std::error_code error;
  const auto status = fs::symlink_status(path, error);
  if (error || !fs::exists(status)) return Kind::kNone;
  if (fs::is_symlink(status)) return Kind::kLink;
  return fs::is_directory(status) ? Kind::kFolder : Kind::kFile;
}

Result<bool> same_content(const fs::path& one, const fs::path& other) {
  const auto kind = kind_of(one);
  if (kind != kind_of(other)) return false;
  if (kind == Kind::kFolder) return true;
  std::error_code error;
  if (kind == Kind::kLink) return fs::read_symlink(one, error) == fs::read_symlink(other, error);
  if (fs::file_size(one, error) != fs::file_size(other, error)) return false;
  return TRY(read_file(one, kLargest)) == TRY(read_file(other, kLargest));
}

class Comparison {
 public:
  Comparison(const fs::path& etc, const fs::path& defaults, const ostree::Repository& repository)
      : etc_(etc), defaults_(defaults), repository_(repository) {}

  Result<void> read(const Sha256& commit) {
    for (auto& entry : TRY(repository_.list(commit, "/usr/etc")))
      coming_.emplace(entry.path, std::move(entry));
    return {};
  }

  // Every path below a folder of /etc that is not as the running version brought it.
  Result<void> walk(const fs::path& below) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(etc_ / below, error)) {
      const auto path = below / entry.path().filename();
      const bool changed = !TRY(same_content(etc_ / path, defaults_ / path));
      if (changed) TRY(judge(path));
      if (kind_of(etc_ / path) == Kind::kFolder) TRY(walk(path));
    }
    // A file may vanish while it is looked at; libostree looks again when it merges.
    if (error && error != std::errc::no_such_file_or_directory)
      return errno_error("list", etc_ / below, error.value());
    return {};
  }

  EtcMerge take() { return std::move(merge_); }

 private:
  Result<void> judge(const fs::path& path) {
    if (const auto clash = clash_of(path); !clash.empty()) {
      const auto name = "/etc/" + clash.string();
      if (!std::ranges::contains(merge_.clashes, name)) merge_.clashes.push_back(name);
      return {};
    }
    if (TRY(brings_another(path))) merge_.kept.push_back("/etc/" + path.string());
    return {};
  }

  [[nodiscard]] const ostree::Entry* coming(const fs::path& path) const {
    const auto found = coming_.find("/" + path.string());
    return found == coming_.end() ? nullptr : &found->second;
  }

  // The first part of the path that is a folder here and something else there, or the other way round.
  [[nodiscard]] fs::path clash_of(const fs::path& path) const {
    fs::path part;
    for (const auto& name : path) {
      part /= name;
      const auto* there = coming(part);
      if (there == nullptr) return {};
      if ((kind_of(etc_ / part) == Kind::kFolder) != (there->kind == ostree::Kind::kFolder)) return part;
    }
    return {};
  }

  // Both sides changed the file.
  [[nodiscard]] Result<bool> brings_another(const fs::path& path) const {
    const auto* there = coming(path);
    if (there == nullptr || there->kind != ostree::Kind::kFile || kind_of(defaults_ / path) != Kind::kFile)
      return false;
    return TRY(repository_.read_object(there->checksum, kLargest)) !=
           TRY(read_file(defaults_ / path, kLargest));
  }

  const fs::path& etc_;
  const fs::path& defaults_;
  const ostree::Repository& repository_;
  std::map<std::string, ostree::Entry> coming_;
  EtcMerge merge_;
};

}  // namespace

Result<EtcMerge> foresee_etc_merge(const fs::path& etc, const fs::path& defaults,
                                   const ostree::Repository& repository, const Sha256& commit) {
  Comparison comparison(etc, defaults, repository);
  TRY(comparison.read(commit));
  TRY(comparison.walk(""));
  return comparison.take();
}

}  // namespace stratify::updater
