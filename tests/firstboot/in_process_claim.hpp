// The claim without a bus between: what the pages and consoles talk to in their tests.
#pragma once

#include "firstboot/claim_api.hpp"

namespace stratify::firstboot::tests {

class InProcessClaim final : public ClaimApi {
 public:
  explicit InProcessClaim(std::unique_ptr<Claim>& claim) : claim_(claim) {}

  bool answers = true;

  Result<Status> status() override {
    if (!answers) return fail(Category::kUnavailable, "call", "haven-claim", "no answer");
    claim_->tick();
    return claim_->status();
  }
  Result<Secret> claim(std::string_view domain, std::string_view code, std::string_view peer) override {
    return claim_->claim_with_code(domain, code, peer);
  }
  Result<bool> knows_session(std::string_view token) override { return claim_->knows_session(token); }
  Result<Secret> first_password(std::string_view token) override {
    if (!claim_->knows_session(token))
      return fail(Category::kPermission, "show", "password", "not this session");
    return first_password_here();
  }
  Result<std::string> code() override { return claim_->code(); }
  Result<void> claim_here(std::string_view domain) override {
    return claim_->claim_here(domain, Way::kConsole);
  }
  Result<void> reopen() override { return claim_->reopen(); }
  Result<void> repair() override { return claim_->repair(); }
  Result<Secret> first_password_here() override {
    auto password = TRY(claim_->first_password());
    claim_->password_was_shown();
    return Secret(std::move(password));
  }
  Result<void> renew_password() override { return claim_->renew_password(); }

 private:
  std::unique_ptr<Claim>& claim_;  // replaced at each boot
};

}  // namespace stratify::firstboot::tests
