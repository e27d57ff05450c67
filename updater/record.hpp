// What the machine remembers of updates: one small file, replaced in one step at every transition.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"
#include "updater/state.hpp"

namespace stratify::updater {

// Seconds since the epoch.
using Time = std::int64_t;

// An image of a service that is not inside the commit.
struct BoundImage {
  std::string name;         // "reference@sha256:..."
  std::uint64_t bytes = 0;  // compressed; 0 when it is not known
  friend bool operator==(const BoundImage&, const BoundImage&) = default;
};

// The version an update leads to, as its channel lists it.
struct Target {
  std::string version;
  std::uint64_t number = 0;  // grows with every release
  Sha256 commit = Sha256::of("");
  std::string ref;
  Time timestamp = 0;                 // of the commit
  std::uint64_t bytes = 0;            // to fetch
  std::uint64_t installed_bytes = 0;  // to keep
  std::uint64_t boot_bytes = 0;       // kernel and initramfs
  std::vector<BoundImage> images;
  std::string delta_file;      // its name on media; empty when none is listed
  std::string delta_file_sum;  // its SHA-256, in hexadecimal
  friend bool operator==(const Target&, const Target&) = default;
};

// A version on this disk.
struct Installed {
  std::string deployment;  // "<commit>.<serial>"
  std::string version;
  friend bool operator==(const Installed&, const Installed&) = default;
};

// A version that failed here; it is not tried again.
struct Failed {
  Sha256 commit = Sha256::of("");
  std::string version;
  std::string reason;
  Time when = 0;
  friend bool operator==(const Failed&, const Failed&) = default;
};

// How the last update ended, for its owner.
struct Outcome {
  std::string kind;  // "confirmed", "rolled back", "refused", "stuck"
  std::string version;
  std::string from;
  std::string reason;
  std::string failed_data;  // name of the data the failed version left; empty when there is none
  Time when = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// How the running version came, while its owner may still leave it for the one before.
struct WayBack {
  Target target;       // what runs
  std::string trial;   // its deployment
  Installed previous;  // where the way leads
  std::string data_set;
  friend bool operator==(const WayBack&, const WayBack&) = default;
};

struct Step {
  Time when = 0;
  std::string from;
  std::string event;
  std::string to;
  std::string reason;
  friend bool operator==(const Step&, const Step&) = default;
};

struct Record {
  int format = 1;
  State state = State::kIdle;
  std::string reason;                 // of the last transition, a sentence
  std::optional<Target> target;       // from checked on
  std::string trial;                  // deployment of the target, from staged on
  std::optional<Installed> previous;  // what ran before the switch
  std::string data_set;               // snapshots taken before the switch; empty when there are none
  bool restore_data = true;           // going back takes the data back too
  std::uint32_t attempts = 0;         // switches that did not switch
  std::uint32_t starts = 0;           // of the version on trial
  // Units that did not run before the switch: the trial does not ask for them. After it: that do not run now.
  std::vector<std::string> ailing;
  // Files of /etc that stay as the owner changed them though the target brings others.
  std::vector<std::string> etc_kept;
  std::uint64_t floor_number = 0;                // highest release that was accepted: nothing below is
  std::map<std::string, std::uint64_t> serials;  // of each channel, its newest list that was seen here
  std::vector<Failed> failed;
  std::string pinned;                // commit the owner wants to stay at; empty: none
  Time deferred_until = 0;           // the owner wants no restart before
  Time inspected = 0;                // when every object was read last
  std::vector<std::string> damaged;  // objects that were found damaged then
  std::optional<Outcome> outcome;
  std::optional<WayBack> way_back;
  // Names of the bound images that were fetched and not removed since, by version.
  std::map<std::string, std::vector<std::string>> images;
  std::map<std::string, double> moments;  // seconds since the epoch, of the switch's phases
  std::vector<Step> history;              // the newest last
  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr std::size_t kLongestHistory = 60;
inline constexpr std::size_t kLongestRecord = 1U << 20U;

[[nodiscard]] std::string to_json(const Record& record);

// Of another version too: what it wrote that is not known here is left out, what it did not know has its
// default. kInvalidInput when the text is no record.
[[nodiscard]] Result<Record> parse_record(std::string_view text);

// Takes the row of the table that begins with the record's state and the event, and notes it in the history.
// kConflict when there is no such row.
[[nodiscard]] Result<void> take(Record& record, Event event, Time now, std::string reason);

}  // namespace stratify::updater
