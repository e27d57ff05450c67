// Debian's package archives through libapt-pkg: signed indexes, and which packages a list of names needs.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::apt {

// One suite of one archive. Its index is accepted only when signed by a key of the keyring.
struct Source {
  std::string suite;                    // "trixie-security"
  std::string archive;                  // our name for the archive, handed through: "debian-security"
  std::string uri;                      // where the archive is: "http://mirror.example/debian-security"
  std::vector<std::string> components;  // {"main"}
  std::filesystem::path keyring;
  std::vector<std::string> only;  // non-empty: these packages and nothing else may come from here
};

struct ArchiveOptions {
  std::filesystem::path
      folder;  // indexes and all other state live here; the machine's own apt state is never used
  std::string architecture;  // "amd64"
  std::vector<Source> sources;
  std::function<void(std::uint64_t done, std::uint64_t total)>
      on_progress;  // bytes of the indexes; may be empty
};

struct Package {
  std::string name;
  std::string version;
  std::string architecture;
  std::string suite;
  std::string archive;
  std::string path;  // below the archive
  Sha256 sha256;
  std::uint64_t size = 0;
};

// Up-to-date indexes of several suites. libapt-pkg keeps global state, so one Archive may exist at a time in
// a process.
class Archive {
 public:
  // Downloads what is new and checks signatures, checksums, dates and names: one key signs many suites, so
  // what is signed has to call itself by the suite's name, as its codename or its suite. kVerification for an
  // index that is unsigned, signed by another key, out of date or another suite's; kUnavailable when the
  // mirror does not answer; kNotFound when it has no such suite.
  [[nodiscard]] static Result<Archive> open(const ArchiveOptions& options);

  // Everything that must be installed so that the named packages work on an empty system: the names, every
  // Essential package and every package of priority required but apt, and what they depend on; never what
  // they recommend. Sorted by name. kNotFound names a package that no suite has, kInvalidInput the dependency
  // that cannot be met; `tree` leads the message.
  [[nodiscard]] Result<std::vector<Package>> closure(std::string_view tree,
                                                     const std::vector<std::string>& names);

  // When the newest of the indexes was made, in seconds since the epoch.
  [[nodiscard]] std::int64_t date() const;

  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

 private:
  struct State;
  explicit Archive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Which of two versions is the newer one, as deb-version(7) orders them.
[[nodiscard]] std::weak_ordering compare_versions(std::string_view one, std::string_view other);

// The archive URIs in an apt configuration (sources.list and sources.list.d, both formats), in its order,
// each once; `etc` is the folder that holds them, "/etc/apt".
[[nodiscard]] Result<std::vector<std::string>> configured_uris(const std::filesystem::path& etc);

}  // namespace stratify::apt
