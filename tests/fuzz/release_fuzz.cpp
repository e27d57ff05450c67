// Reads whatever it is given as the file of a channel, as the list inside, and chooses from what it read as
// many machines would. Whatever the list says: a choice is newer than what runs and not below the floor, was
// not bad here, and leaves no barrier out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "release/choice.hpp"
#include "release/envelope.hpp"
#include "release/publication.hpp"

namespace {

using namespace stratify;
using namespace stratify::release;

void expect(bool kept) {
  if (!kept) __builtin_trap();
}

void check_choice(const Channel& channel, const Standing& at) {
  const auto choice = choose(channel, at);
  if (!choice) {
    expect(!choice.error().sentence.empty());
    return;
  }
  expect(at.now < channel.expires && channel.serial >= at.floor_serial);
  expect(at.now >= channel.issued - kClockTolerance && at.now >= at.clock_floor - kClockTolerance);
  expect(choice->timestamp > at.booted_timestamp && choice->number >= at.floor_number);
  expect(at.by_hand || choice->number > at.floor_number);
  expect(!at.bad.contains(choice->commit));
  expect(at.by_hand || choice->rollout.start <= at.now);
  const auto* const running = channel.find(at.booted_commit);
  for (const auto& release : channel.releases) {
    const bool passed =
        release.timestamp <= at.booted_timestamp || (running != nullptr && release.number <= running->number);
    expect(!release.barrier || passed || release.number >= choice->number);
  }
}

// The machines that run one of the releases, or none; some of the others bad, or the floor.
void check_machines(const Channel& channel) {
  const auto& releases = channel.releases;
  for (std::size_t i = 0; i <= std::min<std::size_t>(releases.size(), 16); ++i) {
    const bool listed = i < releases.size();
    const auto& other = releases[(i * 7 + 1) % releases.size()];
    Standing at{.booted_commit = listed ? releases[i].commit : Sha256::of("built at home"),
                .booted_timestamp = listed ? releases[i].timestamp : other.timestamp,
                .wariness = static_cast<double>(i % 3) / 2,
                .now = channel.issued + static_cast<std::int64_t>(i % 4) * 3600};
    check_choice(channel, at);
    at.bad = {other.commit};
    check_choice(channel, at);
    at.floor_number = other.number;
    at.by_hand = i % 2 == 0;
    check_choice(channel, at);
    at.pinned = other.commit;
    check_choice(channel, at);
    at.clock_floor = other.timestamp;
    at.floor_serial = i;
    check_choice(channel, at);
  }
}

void check_list(std::string_view text) {
  const auto channel = parse_channel(text, "stable");
  if (!channel) {
    expect(channel.error().message().starts_with("channel stable: cannot read: "));
    return;
  }
  expect(parse_channel(to_json(*channel), "stable") == channel);
  check_machines(*channel);
  const auto renewed =
      publish_in(*channel, channel->newest(),
                 {.channel = "stable", .now = channel->expires, .expires = channel->expires + 1});
  expect(renewed && renewed->serial > channel->serial && renewed->newest() == channel->newest());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_list(input);
  if (const auto envelope = unpack(input, "stable.json")) {
    expect(unpack(pack(*envelope), "stable.json") == envelope);
    check_list(envelope->text);
  }
  return 0;
}
