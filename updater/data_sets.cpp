#include "updater/data_sets.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <boost/describe/class.hpp>
#include <boost/json.hpp>

#include "platform/btrfs.hpp"
#include "platform/file.hpp"

namespace stratify::updater {

namespace fs = std::filesystem;
namespace json = boost::json;

BOOST_DESCRIBE_STRUCT(DataSet, (), (name, version, when, failed, subvolumes))

namespace {

constexpr const char* kDescription = "set.json";
constexpr const char* kRestoring = ".restoring";     // in the folder of sets: the data that is being built
constexpr const char* kRestored = ".restored-from";  // in the data: which set it was built from

Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, error)) names.push_back(entry.path().filename());
  if (error && error != std::errc::no_such_file_or_directory)
    return errno_error("list", folder, error.value());
  std::ranges::sort(names);
  return names;
}

// The subvolumes of a provider: its folder, or else every folder in it.
Result<std::vector<std::string>> subvolumes_of(const fs::path& data, const std::string& provider) {
  if (TRY(is_subvolume(data / provider))) return std::vector{provider};
  std::vector<std::string> found;
  for (const auto& volume : TRY(names_in(data / provider))) {
    if (!TRY(is_subvolume(data / provider / volume))) {
      return fail(
          Category::kInvalidInput, "take a snapshot of", data / provider / volume,
          "it is no btrfs subvolume, so it could not be taken back after an update; move it elsewhere, or "
          "make it one (btrfs subvolume create)");
    }
    found.push_back(provider + "/" + volume);
  }
  return found;
}

Result<std::vector<std::string>> subvolumes_below(const fs::path& data) {
  std::vector<std::string> all;
  for (const auto& provider : TRY(names_in(data))) {
    if (provider == kRestored) continue;
    if (!fs::is_directory(fs::symlink_status(data / provider))) {
      return fail(Category::kInvalidInput, "take a snapshot of", data / provider,
                  "it is no folder of a service; move it elsewhere");
    }
    const auto found = TRY(subvolumes_of(data, provider));
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

// A folder with the owner and mode of another.
Result<void> make_like(const fs::path& folder, const fs::path& model) {
  struct stat about{};
  if (::stat(model.c_str(), &about) != 0) return errno_error("look at", model);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("create", folder);
  if (::chown(folder.c_str(), about.st_uid, about.st_gid) != 0) return errno_error("give away", folder);
  if (::chmod(folder.c_str(), about.st_mode & 07777U) != 0) return errno_error("set the mode of", folder);
  return {};
}

// Snapshots of the named subvolumes of one folder in another, with their parents.
Result<void> copy_subvolumes(const fs::path& from, const fs::path& to, const std::vector<std::string>& names,
                             bool read_only) {
  TRY(make_like(to, from));
  for (const auto& name : names) {
    const auto parent = fs::path(name).parent_path();
    if (!parent.empty()) TRY(make_like(to / parent, from / parent));
    TRY(snapshot(from / name, to / name, {.read_only = read_only}));
  }
  return {};
}

Result<void> remove_with_subvolumes(const fs::path& folder) {
  if (fs::is_symlink(fs::symlink_status(folder)) || !fs::is_directory(folder)) return remove_tree(folder);
  if (TRY(is_subvolume(folder))) return delete_subvolume(folder);
  for (const auto& name : TRY(names_in(folder))) TRY(remove_with_subvolumes(folder / name));
  return remove_tree(folder);
}

Result<void> rename_durably(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename", from);
  TRY(sync_folder(from.parent_path()));
  return sync_folder(to.parent_path());
}

Result<bool> has_room(const fs::path& folder, unsigned free_percent) {
  struct statvfs about{};
  if (::statvfs(folder.c_str(), &about) != 0) return errno_error("look at the room in", folder);
  return about.f_bavail * 100 >= about.f_blocks * free_percent;
}

}  // namespace

Result<void> DataSets::take(const std::string& name, const std::string& version, std::int64_t when) const {
  if (load(name)) return {};
  TRY(discard(name));
  if (!fs::exists(data())) TRY(make_folders(data()));
  const DataSet made{.name = name,
                     .version = version,
                     .when = when,
                     .failed = false,
                     .subvolumes = TRY(subvolumes_below(data()))};
  TRY(make_folders(set(name)));
  if (::chmod((root_ / kSetsFolder).c_str(), 0700) != 0) return errno_error("protect", root_ / kSetsFolder);
  TRY(copy_subvolumes(data(), set(name) / "data", made.subvolumes, true));
  TRY(sync_file_system(set(name)));
  return save(made);
}

Result<void> DataSets::build(const DataSet& from, const fs::path& at) const {
  TRY(remove_with_subvolumes(at));
  TRY(copy_subvolumes(set(from.name) / "data", at, from.subvolumes, false));
  TRY(write_file_durably(at / kRestored, from.name, 0600));
  return sync_file_system(at);
}

Result<void> DataSets::take_back(const std::string& name, const std::string& aside,
                                 const std::string& version, std::int64_t when) const {
  const auto restoring = root_ / kSetsFolder / kRestoring;
  const auto now_in_use = read_file(data() / kRestored, 4096);
  if (!now_in_use || *now_in_use != name) {
    TRY(build(TRY(load(name)), restoring));
    TRY(exchange(restoring, data()));
  }
  // What is there now is what the failed version left; or, when all this had been done before, a copy too
  // many.
  if (load(aside)) {
    TRY(remove_with_subvolumes(restoring));
  } else if (fs::exists(restoring)) {
    TRY(make_folders(set(aside)));
    if (fs::exists(set(aside) / "data")) TRY(remove_with_subvolumes(set(aside) / "data"));
    TRY(rename_durably(restoring, set(aside) / "data"));
  }
  if (fs::exists(set(aside) / "data") && !load(aside)) {
    TRY(save({.name = aside,
              .version = version,
              .when = when,
              .failed = true,
              .subvolumes = TRY(subvolumes_below(set(aside) / "data"))}));
  }
  if (::unlink((data() / kRestored).c_str()) != 0 && errno != ENOENT)
    return errno_error("remove", data() / kRestored);
  return sync_folder(data());
}

Result<void> DataSets::discard(const std::string& name) const {
  if (name.empty()) return {};
  // Without its description it is incomplete, and stays so if this is interrupted.
  if (::unlink((set(name) / kDescription).c_str()) != 0 && errno != ENOENT)
    return errno_error("remove", set(name) / kDescription);
  return remove_with_subvolumes(set(name));
}

Result<DataSet> DataSets::load(const std::string& name) const {
  const auto file = set(name) / kDescription;
  const auto text = TRY(read_file(file, 1U << 20U));
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  const auto parsed = error ? json::result<DataSet>(error) : json::try_value_to<DataSet>(value);
  if (parsed.has_error()) return fail(Category::kInvalidInput, "read", file, parsed.error().message());
  return *parsed;
}

Result<void> DataSets::save(const DataSet& made) const {
  return write_file_durably(set(made.name) / kDescription, json::serialize(json::value_from(made)) + "\n",
                            0600);
}

Result<std::vector<DataSet>> DataSets::list() const {
  std::vector<DataSet> sets;
  for (const auto& name : TRY(names_in(root_ / kSetsFolder))) {
    if (auto complete = load(name)) sets.push_back(*std::move(complete));
  }
  std::ranges::sort(sets, {}, &DataSet::when);
  return sets;
}

Result<void> DataSets::discard_incomplete() const {
  for (const auto& name : TRY(names_in(root_ / kSetsFolder))) {
    if (!load(name)) TRY(discard(name));
  }
  return {};
}

Result<void> DataSets::tidy(const std::vector<std::string>& needed, std::int64_t now,
                            const SetLimits& limits) const {
  TRY(discard_incomplete());
  auto sets = TRY(list());
  std::erase_if(sets,
                [&](const DataSet& set) { return set.failed || std::ranges::contains(needed, set.name); });
  std::size_t kept = sets.size();
  for (const auto& old : sets) {
    const bool in_time = old.when + limits.age.count() >= now;
    if (kept <= limits.number && in_time && TRY(has_room(root_ / kSetsFolder, limits.free_percent))) break;
    TRY(discard(old.name));
    --kept;
  }
  return {};
}

}  // namespace stratify::updater
