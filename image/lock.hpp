// The lock: exactly which packages an image is made of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "image/manifest.hpp"
#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::image {

struct LockedPackage {
  std::string name;
  std::string version;
  std::string architecture;  // "amd64" or "all"
  std::string suite;         // "trixie-security"
  std::string archive;       // "debian-security"
  std::string path;          // "pool/main/..." below the archive
  Sha256 sha256;
  std::uint64_t size = 0;           // bytes of the .deb
  std::vector<std::string> images;  // trees that contain it: "os", "caddy", ...; sorted

  friend bool operator==(const LockedPackage&, const LockedPackage&) = default;
};

struct Lock {
  std::int64_t created = 0;  // seconds since the epoch: when the newest index it was made from was made
  Sha256 request = Sha256::of("");      // request_of() the manifest it answers
  std::vector<LockedPackage> packages;  // sorted by name, then version

  // The packages of one tree, in the lock's order.
  [[nodiscard]] std::vector<LockedPackage> of_image(std::string_view image) const;

  friend bool operator==(const Lock&, const Lock&) = default;
};

// Locks are YAML with one line a package, and a last line with the checksum of all lines above it, so that a
// changed byte anywhere is noticed. kInvalidInput names line and column of what cannot be a lock;
// kVerification says that the file was changed after it was written.
[[nodiscard]] Result<Lock> load_lock(const std::filesystem::path& path);
[[nodiscard]] Result<Lock> parse_lock(std::string_view text, const std::string& file_name);
[[nodiscard]] Result<void> save_lock(const Lock& lock, const std::filesystem::path& path);
[[nodiscard]] std::string to_yaml(const Lock& lock);

// A checksum of everything in a manifest that decides which packages are locked.
[[nodiscard]] Sha256 request_of(const Manifest& manifest);

// kVerification when the lock was made for another request than the manifest's.
[[nodiscard]] Result<void> check_answers(const Lock& lock, const Manifest& manifest,
                                         const std::filesystem::path& lock_path);

struct ChangedPackage {
  LockedPackage before;
  LockedPackage after;
};

struct LockDifference {
  std::vector<LockedPackage> added;
  std::vector<LockedPackage> removed;
  std::vector<ChangedPackage> changed;  // other version, other file or other images

  [[nodiscard]] bool empty() const { return added.empty() && removed.empty() && changed.empty(); }
};

// What happened between two locks, by package name; each list in the order of names.
[[nodiscard]] LockDifference diff_locks(const Lock& before, const Lock& after);

// "+ caddy 2.11.2 (caddy)", "- ...", "~ openssl 3.5.1 -> 3.5.2 (os, webdav)": one line a package, sorted by
// name.
[[nodiscard]] std::string to_text(const LockDifference& difference);

}  // namespace stratify::image
