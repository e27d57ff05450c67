// The list of a channel: which releases there are, told to every machine that follows it. A machine believes
// it only after its signature was verified (envelope.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::release {

// All times are seconds since the epoch, all sizes bytes.

inline constexpr std::size_t kMostText = 1U << 20U;  // bytes of a list
inline constexpr std::size_t kMostReleases = 1000;
inline constexpr std::uint32_t kMostHours = 8760;  // of a roll-out: a year

// Who may have a release when: nobody before start, then evenly more machines, all of them after so many
// hours. 0 hours: everybody at start.
struct Rollout {
  std::int64_t start = 0;
  std::uint32_t hours = 0;
  friend bool operator==(const Rollout&, const Rollout&) = default;
};

// A service image that is not inside the commit: pulled by digest before the release is deployed.
struct BoundImage {
  std::string reference;    // "registry.example.org/name"
  std::string digest;       // "sha256:<64 hexadecimal digits>"
  std::uint64_t bytes = 0;  // compressed, as the registry hands it out; 0 when it is not known
  friend bool operator==(const BoundImage&, const BoundImage&) = default;
};

// What a machine that has all of the commit `from` is missing.
struct UpdateFrom {
  Sha256 from;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;            // fetched one by one, compressed
  std::uint64_t delta_bytes = 0;      // fetched as static delta; 0 when there is none
  std::uint64_t installed_bytes = 0;  // on the machine's disk, at most
  friend bool operator==(const UpdateFrom&, const UpdateFrom&) = default;
};

// The release as one file, complete by itself, for machines without a network. It lies beside the channels.
struct DeltaFile {
  std::string name;
  std::uint64_t bytes = 0;
  Sha256 sha256;
  friend bool operator==(const DeltaFile&, const DeltaFile&) = default;
};

struct Release {
  std::string version;
  std::uint64_t number = 0;  // higher than that of every release before it, in all channels
  Sha256 commit;
  std::string ref;             // that the commit is bound to, "openhaven/amd64/core"
  std::int64_t timestamp = 0;  // of the commit
  std::int64_t published = 0;
  std::uint64_t objects = 0;          // of the whole commit
  std::uint64_t bytes = 0;            // of all of them, compressed as the server keeps them
  std::uint64_t installed_bytes = 0;  // of all of them on the machine's disk, at most
  std::uint64_t boot_bytes = 0;       // kernel and initramfs, which /boot needs room for
  bool barrier = false;               // no machine may go past it without having run it
  Rollout rollout;
  std::vector<BoundImage> images;
  std::vector<UpdateFrom> updates;
  std::string notes;  // what is new, for the owner
  std::optional<DeltaFile> delta_file;
  friend bool operator==(const Release&, const Release&) = default;
};

struct Channel {
  std::string name;          // "stable", "next"
  std::uint64_t serial = 0;  // grows with every publication of this channel
  std::int64_t issued = 0;
  std::int64_t expires = 0;       // after that nobody believes it: a server cannot hide newer lists for ever
  std::vector<Release> releases;  // never empty; number and timestamp ascend
  friend bool operator==(const Channel&, const Channel&) = default;

  [[nodiscard]] const Release& newest() const { return releases.back(); }
  [[nodiscard]] const Release* find(const Sha256& commit) const;
};

// Reads a list of the channel `name`. kInvalidInput names the first key that is wrong and what was expected
// there. Keys it does not know are passed over: a later publisher may write them.
[[nodiscard]] Result<Channel> parse_channel(std::string_view text, const std::string& name);

// The same list always gives the same text: indented, keys in the order of the structures above.
[[nodiscard]] std::string to_json(const Channel& channel);

}  // namespace stratify::release
