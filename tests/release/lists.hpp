// Lists of made-up releases, for tests of the rules.
#pragma once

#include <string>
#include <vector>

#include "release/channel.hpp"

namespace stratify::release::tests {

inline constexpr std::int64_t kNow = 1'800'000'000;
inline constexpr std::int64_t kDay = 86400;

inline Sha256 commit_of(const std::string& version) { return Sha256::of(version); }

// Release number n is version "1.n", its commit n days after kNow - 100 days.
inline Release release(std::uint64_t number) {
  const auto version = "1." + std::to_string(number);
  return {.version = version,
          .number = number,
          .commit = commit_of(version),
          .ref = "openhaven/amd64/core",
          .timestamp = kNow - (100 * kDay) + static_cast<std::int64_t>(number) * kDay,
          .published = kNow - kDay,
          .objects = 9,
          .bytes = 1000,
          .installed_bytes = 2000,
          .boot_bytes = 500,
          .rollout = {.start = kNow - kDay}};
}

inline Release barrier(std::uint64_t number) {
  auto result = release(number);
  result.barrier = true;
  return result;
}

inline Channel channel(std::vector<Release> releases) {
  return {.name = "stable",
          .serial = 7,
          .issued = kNow - kDay,
          .expires = kNow + (30 * kDay),
          .releases = std::move(releases)};
}

}  // namespace stratify::release::tests
