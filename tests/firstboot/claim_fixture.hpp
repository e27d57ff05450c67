// A claim on a folder of its own, with a clock that only moves when told.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "firstboot/claim.hpp"

namespace stratify::firstboot::tests {

class ClaimFixture : public testing::Test {
 public:
  ClaimFixture() { boot(); }

  // What a power cut leaves is the folder; everything else starts anew.
  void boot() { claim_ = std::make_unique<Claim>(parts()); }

  // Runs the due step as a machine on which everything works.
  void step() { step_of(*claim_); }

  static void step_of(Claim& claim) {
    const auto due = claim.due();
    if (!due) return;
    switch (*due) {
      case State::kAccepted:
        return claim.secrets_made(Secret("first-password"));
      case State::kSecrets:
        return claim.step_done(Event::kConfigurationWritten);
      case State::kConfigured:
        return claim.step_done(Event::kStackStarted);
      case State::kStarted:
      case State::kLive:
        return claim.step_done(Event::kHealthSeen);
      default:
        return;
    }
  }

  void go_live() {
    while (claim_->due()) step();
  }

  void pass(std::chrono::seconds time) { now_ += time; }

  [[nodiscard]] State state() const { return claim_->status().state; }

  [[nodiscard]] Result<Secret> claim_with_right_code(std::string_view peer = "192.0.2.1") {
    return claim_->claim_with_code("cloud.test", claim_->code().value_or(""), peer);
  }

  [[nodiscard]] Result<Secret> claim_with_wrong_code(std::string_view peer = "192.0.2.1") {
    return claim_->claim_with_code("cloud.test", "wrong", peer);
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  Journal::Writer writer_ = write_file_durably;
  std::optional<stack::Domain> configured_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  std::unique_ptr<Claim> claim_;

 private:
  Claim::Parts parts() {
    return {.journal = Journal(folder_.path(), [this](const auto& path, auto data,
                                                      auto mode) { return writer_(path, data, mode); }),
            .clock = [this] { return now_; },
            .random = fill_randomly,
            .configured_domain = [this] { return Result<std::optional<stack::Domain>>(configured_); }};
  }
};

}  // namespace stratify::firstboot::tests
