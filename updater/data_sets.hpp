// The data of all services, kept as it was: one folder for each set of snapshots.
//
//   data/<provider>[/<volume>]                          the subvolumes in use
//   data-sets/20261126-031502-before-0.2.0/data/...     read-only snapshots of all of them
//                                         /set.json     written last: without it the set is not complete
//   data-sets/20261126-031502-before-0.2.0-failed/data  what a version left that was taken back
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "platform/error.hpp"

namespace stratify::updater {

// Below a machine's root.
inline constexpr const char* kDataFolder = "var/lib/openhaven/data";
inline constexpr const char* kSetsFolder = "var/lib/openhaven/data-sets";

struct DataSet {
  std::string name;
  std::string version;                  // before which it was taken, or that left it
  std::int64_t when = 0;                // seconds since the epoch
  bool failed = false;                  // left by a version that was taken back; only its owner deletes it
  std::vector<std::string> subvolumes;  // paths below data/
};

// What may be kept of the sets that nothing needs any more.
struct SetLimits {
  std::size_t number = 3;
  std::chrono::seconds age = std::chrono::days(30);
  unsigned free_percent = 20;  // of the file system; below it the oldest go first
};

class DataSets {
 public:
  // root of the machine; its /var has to be btrfs for anything but list().
  explicit DataSets(std::filesystem::path root) : root_(std::move(root)) {}

  // Snapshots of every subvolume. Services must not write meanwhile. A set of this name that is complete is
  // kept as it is. kInvalidInput names a folder of data that is no subvolume: no snapshot, no update.
  [[nodiscard]] Result<void> take(const std::string& name, const std::string& version,
                                  std::int64_t when) const;

  // The data is what the set holds; what it was until now becomes the set `aside`. Both in one exchange, and
  // repeatable: a power cut leaves the one or the other, never a mixture. kNotFound without a complete set.
  [[nodiscard]] Result<void> take_back(const std::string& name, const std::string& aside,
                                       const std::string& version, std::int64_t when) const;

  [[nodiscard]] Result<void> discard(const std::string& name) const;

  // Complete sets, the oldest first.
  [[nodiscard]] Result<std::vector<DataSet>> list() const;

  // Removes incomplete sets, and of the complete ones what is over the limits; never `needed` nor a failed
  // one.
  [[nodiscard]] Result<void> tidy(const std::vector<std::string>& needed, std::int64_t now,
                                  const SetLimits& limits) const;

 private:
  [[nodiscard]] std::filesystem::path data() const { return root_ / kDataFolder; }
  [[nodiscard]] std::filesystem::path set(const std::string& name) const {
    return root_ / kSetsFolder / name;
  }
  [[nodiscard]] Result<DataSet> load(const std::string& name) const;
  [[nodiscard]] Result<void> save(const DataSet& set) const;
  [[nodiscard]] Result<void> build(const DataSet& set, const std::filesystem::path& at) const;
  [[nodiscard]] Result<void> discard_incomplete() const;

  std::filesystem::path root_;
};

}  // namespace stratify::updater
