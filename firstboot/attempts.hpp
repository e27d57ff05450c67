// How often somebody may guess the claim code.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stratify::firstboot {

using MonotonicClock = std::function<std::chrono::steady_clock::time_point()>;

// The address a peer is counted under: an IPv4 address, the /64 of an IPv6 address, "unknown" for anything
// else.
[[nodiscard]] std::string counted_as(std::string_view peer);

// Five wrong codes lock an address for ten minutes; thirty from everywhere exhaust the window. Since no more
// than thirty can be counted, memory is bounded.
class Attempts {
 public:
  static constexpr int kPerAddress = 5;
  static constexpr int kInAll = 30;
  static constexpr std::chrono::minutes kLock{10};

  explicit Attempts(MonotonicClock clock) : clock_(std::move(clock)) {}

  // How much longer this peer has to wait, nullopt when it may try.
  [[nodiscard]] std::optional<std::chrono::seconds> locked_for(std::string_view peer) const;

  void count_wrong(std::string_view peer);

  // Whether the next wrong code is the last one of this window.
  [[nodiscard]] bool next_is_last() const { return in_all_ + 1 >= kInAll; }

  void forget();

 private:
  struct Peer {
    int wrong = 0;
    std::chrono::steady_clock::time_point locked_until;
  };
  MonotonicClock clock_;
  std::map<std::string, Peer, std::less<>> peers_;
  int in_all_ = 0;
};

}  // namespace stratify::firstboot
