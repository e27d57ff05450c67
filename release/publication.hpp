// What a publisher does to the lists of its channels.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "release/channel.hpp"

namespace stratify::release {

// What a machine can tell channels by; also the order in which releases pass through them.
inline constexpr std::string_view kChannels[] = {"next", "stable"};

// Higher than every number listed so far. Also as high as the time, so that a publisher who lost its lists
// does not fall below what machines have seen.
[[nodiscard]] std::uint64_t next_number(std::span<const Channel> channels, std::int64_t now);

struct PublicationTerms {
  std::string channel;
  std::int64_t now = 0;
  std::int64_t expires = 0;
  std::size_t keep = 5;  // so many of the newest releases stay listed, and every barrier
};

// The list with the release as its newest. Publishing the newest again takes its new text, roll-out length
// and barrier, and otherwise renews the dates alone. kInvalidInput when its version, number or commit is not
// newer than all that is listed; kConflict when the list is from the future. Without `before` the channel
// begins.
[[nodiscard]] Result<Channel> publish_in(const std::optional<Channel>& before, const Release& release,
                                         const PublicationTerms& terms);

}  // namespace stratify::release
