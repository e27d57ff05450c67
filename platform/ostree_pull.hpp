// One commit from a web server's repository into that of this machine, verified by keys one names.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::ostree {

struct PullProgress {
  std::uint64_t bytes = 0;  // received in this call
  std::uint64_t objects_done = 0;
  std::uint64_t objects_wanted = 0;  // as far as known; grows while folders are read
};

struct PullOptions {
  std::string url;  // http, https or file; of the repository's folder
  Sha256 commit;
  // Files of binary public keys, or folders of such files named *.gpg. These keys and no others.
  std::vector<std::filesystem::path> keyrings;
  // Asks for every object that is not here, also below folders that are: after damage. Otherwise what a
  // folder names is taken to be here with it.
  bool whole = false;
  bool deltas = true;  // use static deltas where the server's summary names one from a commit that is here
  std::function<void(const PullProgress&)> on_progress;  // some times a second; may be empty
  std::stop_token stop;
  std::chrono::seconds stall{30};     // a request ends when for this long nothing worth the name comes
  unsigned retries = 5;               // of each request
  std::chrono::seconds limit{14400};  // for all of it
};

// Brings the commit with everything below it, without its history, and names no ref. Objects that are here
// already, also from an attempt that was interrupted, are not asked for again. The commit is verified by the
// keyrings before anything else is fetched, and so is one that was here before. Categories:
//   kVerification  no signature by one of the keys, or an object is not what its name says
//   kNotFound      the server has no such commit, or lacks one of its objects
//   kTimeout       limit passed, or the server stalled on every try
//   kConflict      stopped by options.stop
//   kNoSpace, kIo  the repository could not be written
//   kUnavailable   everything else the network can do
[[nodiscard]] Result<void> pull(const std::filesystem::path& repository, const PullOptions& options);

// Whether the repository holds the commit with everything below it, as far as libostree has noted: a pull
// that was interrupted leaves a note. Contents are not read; Repository::verify does that.
[[nodiscard]] Result<bool> has_complete_commit(const std::filesystem::path& repository, const Sha256& commit);

}  // namespace stratify::ostree
