// Which release of a channel a machine goes to, if any. Pure rules, in one order: the list itself has to be
// believable, then a pin is respected, then the highest release is taken that is newer than what runs, not
// bad, open to this machine, and not beyond a barrier.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "release/channel.hpp"

namespace stratify::release {

// Clocks of machines that keep local time, or have a weak battery, are off by hours.
inline constexpr std::int64_t kClockTolerance = 86400;

// Where a machine stands. Times are seconds since the epoch.
struct Standing {
  Sha256 booted_commit;
  std::int64_t booted_timestamp = 0;  // of that commit
  // The highest release number that was ever confirmed here, of all channels. Raise it when a release is
  // confirmed, not before: what is on its way has to be offered again after a power cut.
  std::uint64_t floor_number = 0;
  std::uint64_t floor_serial = 0;  // the highest serial of this channel that was ever verified here
  std::int64_t clock_floor = 0;    // it cannot be earlier, such as when the running version was built
  std::set<Sha256> bad;            // commits that failed here
  double wariness = 0;             // 0 to 1: the place of this machine in a roll-out, see wariness_of
  std::int64_t now = 0;
  bool by_hand = false;          // the owner asks: a roll-out holds nothing back, and what the owner left is
                                 // offered again
  std::optional<Sha256> pinned;  // the commit the owner wants this machine to be at and stay at
};

enum class Reason {
  kUpToDate,
  kHeldBack,  // by the roll-out, until Stay::until
  kPinned,
  kOnlyBad,      // what is newer failed here
  kOlder,        // what is listed is older than what runs or ran here
  kExpired,      // the list: a server repeats an old one, or nobody renews it
  kListIsOlder,  // than one that was seen
  kClock,        // of this machine is wrong
};

// One lower-case word with hyphens, for programs.
[[nodiscard]] std::string_view to_string(Reason reason);

// Why the machine stays where it is.
struct Stay {
  Reason reason = Reason::kUpToDate;
  std::string sentence;               // for the owner, with the next step where there is one
  std::optional<std::int64_t> until;  // when asking again gives another answer, if that is known
  friend bool operator==(const Stay&, const Stay&) = default;
};

using Choice = std::expected<Release, Stay>;

// Why a clock that says `now` cannot be right, when it is later than `known`; nullopt when it can. For
// signatures too: none is valid before it was made.
[[nodiscard]] std::optional<std::string> clock_fault(std::int64_t now, std::int64_t known);

// The list has to be verified and parsed. A release is newer when its commit is younger than the one that
// runs, and its number higher than that of the running release, where that is listed, and than the floor. The
// lowest barrier among the newer ones ends what can be chosen.
[[nodiscard]] Choice choose(const Channel& channel, const Standing& standing);

// The same for one machine and version always, even over many machines, and another for the next version, so
// that nobody is always first. machine_id as in machine-id(5); it cannot be found out from the result.
[[nodiscard]] double wariness_of(std::string_view machine_id, std::string_view version);

}  // namespace stratify::release
