#include "release/choice.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <format>
#include <utility>

namespace stratify::release {

namespace {

constexpr std::int64_t kHour = 3600;

std::string moment(std::int64_t seconds) {
  return std::format("{:%F %H:%M} UTC", std::chrono::sys_seconds{std::chrono::seconds{seconds}});
}

std::unexpected<Stay> stay(Reason reason, std::string sentence,
                           std::optional<std::int64_t> until = std::nullopt) {
  return std::unexpected(Stay{.reason = reason, .sentence = std::move(sentence), .until = until});
}

// Whether the list can be believed now.
std::expected<void, Stay> check_list(const Channel& channel, const Standing& standing) {
  if (auto fault = clock_fault(standing.now, std::max(standing.clock_floor, channel.issued)))
    return stay(Reason::kClock, *std::move(fault));
  if (channel.serial < standing.floor_serial) {
    return stay(Reason::kListIsOlder,
                std::format("The server offers a list of the channel {} from {}, but this machine has seen a "
                            "later one. Ask the server's operator, or take another server.",
                            channel.name, moment(channel.issued)));
  }
  if (standing.now >= channel.expires) {
    return stay(
        Reason::kExpired,
        std::format("The list of the channel {} expired {}. Either nobody renews it, or an old one is "
                    "repeated, or the clock of this machine, {}, is wrong.",
                    channel.name, moment(channel.expires), moment(standing.now)));
  }
  return {};
}

using Releases = std::vector<const Release*>;

// Younger than what runs, in ascending order.
Releases after_running(const Channel& channel, const Standing& standing) {
  const auto* const running = channel.find(standing.booted_commit);
  Releases result;
  for (const auto& release : channel.releases) {
    const bool higher = running == nullptr || release.number > running->number;
    if (higher && release.timestamp > standing.booted_timestamp) result.push_back(&release);
  }
  return result;
}

bool above_floor(const Release& release, const Standing& standing) {
  return release.number > standing.floor_number ||
         (standing.by_hand && release.number == standing.floor_number);
}

// A barrier and what is below it.
void end_at_barrier(Releases& releases) {
  const auto barrier = std::ranges::find_if(releases, &Release::barrier);
  if (barrier != releases.end()) releases.erase(barrier + 1, releases.end());
}

std::int64_t open_at(const Release& release, const Standing& standing) {
  if (standing.by_hand) return 0;
  const auto length = static_cast<double>(release.rollout.hours * kHour);
  return release.rollout.start + std::llround(std::clamp(standing.wariness, 0.0, 1.0) * length);
}

std::unexpected<Stay> nothing_newer(const Channel& channel, const Standing& standing) {
  const auto& newest = channel.newest();
  if (newest.commit == standing.booted_commit)
    return stay(Reason::kUpToDate, std::format("{} is the newest version.", newest.version));
  return stay(Reason::kOlder,
              std::format("What runs here is newer than {}, the newest version of the channel {}.",
                          newest.version, channel.name));
}

std::unexpected<Stay> only_left(const Release& newest) {
  return stay(Reason::kOlder,
              std::format("This machine has already had {} or a newer version and was taken back. "
                          "Only a newer one comes by itself.",
                          newest.version));
}

std::unexpected<Stay> only_bad(const Release& release) {
  const std::string_view what = release.barrier ? "; versions after it cannot be reached without it"
                                                : "; the next one is tried as soon as it is there";
  return stay(Reason::kOnlyBad, std::format("{} was taken back on this machine{}. `haven status` tells why.",
                                            release.version, what));
}

std::unexpected<Stay> held_back(const Release& release, std::int64_t until) {
  return stay(Reason::kHeldBack,
              std::format("{} is being rolled out and comes to this machine {}. `haven update` takes it now.",
                          release.version, moment(until)),
              until);
}

// With a pin nothing but the pinned release, and the barriers before it, is a way to go.
std::expected<void, Stay> respect_pin(Releases& releases, const Channel& channel, const Standing& standing) {
  if (!standing.pinned) return {};
  const auto pinned =
      std::ranges::find(releases, *standing.pinned, [](const Release* release) { return release->commit; });
  if (pinned == releases.end()) {
    const auto* const known = channel.find(*standing.pinned);
    return stay(
        Reason::kPinned,
        std::format("This machine is pinned to {}. `haven pin --help` tells how to let updates in again.",
                    known != nullptr ? known->version : standing.pinned->hex()));
  }
  releases.erase(pinned + 1, releases.end());
  std::erase_if(releases, [&](const Release* release) {
    return !release->barrier && release->commit != *standing.pinned;
  });
  return {};
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kUpToDate:
      return "up-to-date";
    case Reason::kHeldBack:
      return "held-back";
    case Reason::kPinned:
      return "pinned";
    case Reason::kOnlyBad:
      return "only-bad";
    case Reason::kOlder:
      return "older";
    case Reason::kExpired:
      return "expired";
    case Reason::kListIsOlder:
      return "list-is-older";
    case Reason::kClock:
      return "clock";
  }
  std::unreachable();
}

std::optional<std::string> clock_fault(std::int64_t now, std::int64_t known) {
  if (now >= known - kClockTolerance) return std::nullopt;
  return std::format(
      "The clock of this machine says {}, which is too early. Set it, or connect the machine to a time "
      "server.",
      moment(now));
}

Choice choose(const Channel& channel, const Standing& standing) {
  if (auto believed = check_list(channel, standing); !believed) return std::unexpected(believed.error());
  auto releases = after_running(channel, standing);
  if (auto kept = respect_pin(releases, channel, standing); !kept) return std::unexpected(kept.error());
  if (releases.empty()) return nothing_newer(channel, standing);
  const auto& newest = *releases.back();
  end_at_barrier(releases);
  std::erase_if(releases, [&](const Release* release) { return !above_floor(*release, standing); });
  if (releases.empty()) return only_left(newest);
  const auto& highest = *releases.back();
  std::erase_if(releases, [&](const Release* release) { return standing.bad.contains(release->commit); });
  if (releases.empty()) return only_bad(highest);
  const auto open = std::ranges::find_if(releases.rbegin(), releases.rend(), [&](const Release* release) {
    return open_at(*release, standing) <= standing.now;
  });
  if (open != releases.rend()) return **open;
  const auto* const first = *std::ranges::min_element(
      releases, {}, [&](const Release* release) { return open_at(*release, standing); });
  return held_back(*first, open_at(*first, standing));
}

double wariness_of(std::string_view machine_id, std::string_view version) {
  constexpr std::size_t kDigits = 13;  // 52 bits, which a double holds exactly
  const auto sum = Sha256Stream().field("openhaven roll-out").field(machine_id).field(version).finish();
  const auto bits = std::stoull(sum.hex().substr(0, kDigits), nullptr, 16);
  return std::ldexp(static_cast<double>(bits), -4 * static_cast<int>(kDigits));
}

}  // namespace stratify::release
