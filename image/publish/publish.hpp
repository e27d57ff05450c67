// A version becomes a release.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/progress.hpp"
#include "image/publish/folder.hpp"
#include "platform/error.hpp"
#include "platform/process.hpp"
#include "release/channel.hpp"

namespace stratify::image {

struct PublishOptions {
  std::filesystem::path source;  // repository that holds the commit; not used when it is published already
  Sha256 commit;
  std::string channel;
  std::int64_t now = 0;  // seconds since the epoch
  unsigned expires_days = 30;
  std::size_t keep = 5;                   // releases of the channel, beside its barriers
  std::size_t deltas_from = 3;            // so many releases before it get a static delta
  bool delta_file = true;                 // make the file for USB, which takes minutes of compressing
  std::optional<unsigned> rollout_hours;  // none: as before, or everybody at once
  bool barrier = false;
  std::optional<std::string> notes;
  std::vector<release::BoundImage> images;  // their sizes are asked of their registries; none: as before
};

struct Published {
  release::Channel channel;
  bool renewed = false;  // it was the newest already: only dates and terms are new
  std::uint64_t freed_bytes = 0;
};

// Verifies the commit, by signature and object by object, copies it, makes its deltas, and lists it as the
// newest release of the channel; what no list names any more goes. At every instant the folder is whole: an
// interrupted publication is finished by the next. The newest release of the channel is only listed anew; a
// release of another channel keeps its number.
[[nodiscard]] Result<Published> publish(ProcessRunner& runner, const PublishedFolder& folder,
                                        const PublishOptions& options, Progress& progress);

}  // namespace stratify::image
