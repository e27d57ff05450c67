// From .deb files to OSTree commits: each package once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "image/deb.hpp"
#include "image/lock.hpp"
#include "platform/error.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// The ref of a package's commit: "deb/<sha256>". Its tree has two folders: data/ holds the files of the
// package, control/ the files of its control archive (control, md5sums, conffiles, preinst, ...).
//
// Paths below data/ are those of a merged /usr: what a package ships below /bin, /sbin, /lib, /lib32, /lib64,
// /libo32 or /libx32 is found below /usr; only base-files brings these names themselves, as symlinks. Owners,
// modes, xattrs and hard links are kept; times are not, OSTree has none.
[[nodiscard]] std::string package_ref(const Sha256& deb);

// The package's commit if it was unpacked before, by this version of the rules, and is there.
[[nodiscard]] Result<std::optional<Sha256>> find_unpacked(const ostree::Repository& repository,
                                                          const Sha256& deb);

// Unpacks one file into the repository and sets its ref; the commit. The file is compared with the lock
// before the first byte of it is interpreted (kVerification names package, file, expected and found
// checksum), and its control file must say what the lock says (kVerification). Nothing is left behind by a
// failure. The repository must not have a transaction open.
[[nodiscard]] Result<Sha256> unpack_deb(const ostree::Repository& repository, const LockedPackage& package,
                                        const std::filesystem::path& deb, const DebLimits& limits = {});

struct UnpackProgress {
  std::size_t done = 0;  // packages, including those found unpacked
  std::size_t total = 0;
  std::uint64_t bytes = 0;  // size of the .deb files done
  std::uint64_t total_bytes = 0;
  std::string_view package;  // the one just done
};

struct UnpackOptions {
  unsigned threads = 0;  // 0: one for each processor
  ostree::Sync sync = ostree::Sync::kNever;
  // Called by one thread at a time.
  std::function<void(const UnpackProgress&)> on_progress = [](const UnpackProgress&) {};
};

struct PackageFile {
  LockedPackage package;
  std::filesystem::path deb;
};

// Unpacks all that are not unpacked yet, several at once, the largest first. The first failure stops the
// rest; what was done stays done.
[[nodiscard]] Result<void> unpack_all(const std::filesystem::path& repository,
                                      const std::vector<PackageFile>& packages,
                                      const UnpackOptions& options = {});

}  // namespace stratify::image
