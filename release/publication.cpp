#include "release/publication.hpp"

#include <algorithm>
#include <format>

#include "release/version.hpp"

namespace stratify::release {

namespace {

// A machine refuses what it knows to be older; a release it would refuse is not published.
Result<void> check_newer(const Channel& before, const Release& release) {
  const auto& newest = before.newest();
  const auto refuse = [&](const std::string& cause) {
    return fail(Category::kInvalidInput, "publish in the channel " + before.name, release.version, cause);
  };
  if (before.find(release.commit) != nullptr)
    return refuse(
        std::format("it is listed already, and {} is newer; machines do not go back", newest.version));
  if (compare_versions(release.version, newest.version) <= 0)
    return refuse(std::format("{} is listed already; raise the version and build again", newest.version));
  if (release.number <= newest.number)
    return refuse(
        std::format("it was first published before {}; build it anew with a higher version", newest.version));
  if (release.timestamp <= newest.timestamp)
    return refuse(
        std::format("its commit is not younger than that of {}; lock and build it anew", newest.version));
  return {};
}

void prune(std::vector<Release>& releases, std::size_t keep) {
  auto above = releases.size();
  std::erase_if(releases, [&](const Release& release) { return above-- > keep && !release.barrier; });
}

}  // namespace

std::uint64_t next_number(std::span<const Channel> channels, std::int64_t now) {
  auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(now, 1));
  for (const auto& channel : channels) number = std::max(number, channel.newest().number + 1);
  return number;
}

Result<Channel> publish_in(const std::optional<Channel>& before, const Release& release,
                           const PublicationTerms& terms) {
  // Serials follow the clock for the same reason as numbers do.
  Channel channel{.name = terms.channel,
                  .serial = static_cast<std::uint64_t>(std::max<std::int64_t>(terms.now, 1)),
                  .issued = terms.now,
                  .expires = terms.expires,
                  .releases = {}};
  if (before) {
    if (before->issued > terms.now)
      return fail(Category::kConflict, "publish in", "channel " + terms.channel,
                  "its list was issued later than now; set the clock of this machine");
    channel.serial = std::max(channel.serial, before->serial + 1);
    channel.releases = before->releases;
    if (before->newest().commit == release.commit)
      channel.releases.pop_back();
    else
      TRY(check_newer(*before, release));
  }
  channel.releases.push_back(release);
  prune(channel.releases, std::max<std::size_t>(terms.keep, 1));
  return channel;
}

}  // namespace stratify::release
