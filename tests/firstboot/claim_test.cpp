#include "firstboot/claim.hpp"

#include "tests/firstboot/claim_fixture.hpp"

namespace stratify::firstboot {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using tests::ClaimFixture;

Category category_of(const auto& result) { return result.error().category(); }

class AnUnclaimedMachine : public ClaimFixture {};

TEST_F(AnUnclaimedMachine, ShowsACodeAndHowLongItMayBeClaimed) {
  EXPECT_EQ(state(), State::kUnclaimed);
  EXPECT_TRUE(claim_->code());
  EXPECT_EQ(claim_->status().window_closes_in, minutes(60));
  pass(minutes(59));
  EXPECT_EQ(claim_->status().window_closes_in, minutes(1));
}

TEST_F(AnUnclaimedMachine, BelongsToWhoSendsTheRightCode) {
  ASSERT_TRUE(claim_with_right_code());
  EXPECT_EQ(state(), State::kAccepted);
  EXPECT_EQ(claim_->status().domain, "cloud.test");
  EXPECT_TRUE(claim_->status().home);
  EXPECT_FALSE(claim_->code());
}

TEST_F(AnUnclaimedMachine, HasOneWinnerWhenTwoClaimWithTheRightCode) {
  const auto code = claim_->code().value();
  EXPECT_TRUE(claim_->claim_with_code("first.test", code, "192.0.2.1"));
  EXPECT_EQ(category_of(claim_->claim_with_code("second.test", code, "192.0.2.2")), Category::kConflict);
  EXPECT_EQ(category_of(claim_->claim_here("third.test", Way::kConsole)), Category::kConflict);
  EXPECT_EQ(claim_->status().domain, "first.test");
}

TEST_F(AnUnclaimedMachine, DoesNotCountABadDomainAsAnAttempt) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(category_of(claim_->claim_with_code("co.uk", "wrong", "192.0.2.1")), Category::kInvalidInput);
  }
  EXPECT_TRUE(claim_with_right_code());
}

TEST_F(AnUnclaimedMachine, LocksAnAddressOutEvenWithTheRightCode) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(category_of(claim_with_wrong_code()), Category::kPermission);
  const auto locked = claim_with_right_code();
  EXPECT_EQ(category_of(locked), Category::kTimeout);
  EXPECT_EQ(locked.error().cause(), "Too many wrong codes from your address. Try again in 10 minutes.");
  pass(minutes(10));
  EXPECT_TRUE(claim_with_right_code());
}

TEST_F(AnUnclaimedMachine, ClosesAfterThirtyWrongCodesFromEverywhere) {
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(state(), State::kUnclaimed);
    EXPECT_EQ(category_of(claim_with_wrong_code("192.0.2." + std::to_string(i))), Category::kPermission);
  }
  EXPECT_EQ(state(), State::kClosed);
  EXPECT_FALSE(claim_->code());
}

TEST_F(AnUnclaimedMachine, StaysUnclaimedByAThousandWrongCodes) {
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(claim_with_wrong_code("192.0.2." + std::to_string(i % 250)));
  EXPECT_EQ(state(), State::kClosed);
  boot();
  EXPECT_EQ(state(), State::kUnclaimed);
}

TEST_F(AnUnclaimedMachine, ClosesAfterAnHour) {
  const auto code = claim_->code().value();
  pass(minutes(60));
  EXPECT_EQ(category_of(claim_->claim_with_code("cloud.test", code, "192.0.2.1")), Category::kConflict);
  EXPECT_EQ(state(), State::kClosed);
}

TEST_F(AnUnclaimedMachine, SaysWhyTheDomainOfACredentialWasRefused) {
  EXPECT_FALSE(claim_->claim_here("https://cloud.test", Way::kCredential));
  EXPECT_EQ(state(), State::kUnclaimed);
  EXPECT_EQ(claim_->status().notice,
            "The domain “https://cloud.test” given by credential was refused: Leave out “https://” and type "
            "the domain "
            "alone, for example example.org.");
  EXPECT_TRUE(claim_with_right_code());
}

TEST_F(AnUnclaimedMachine, StaysUnclaimedWhenTheDiskRefuses) {
  writer_ = [](auto&&...) -> Result<void> {
    return fail(Category::kNoSpace, "write", "claim.json", "disk full");
  };
  EXPECT_EQ(category_of(claim_with_right_code()), Category::kNoSpace);
  EXPECT_EQ(state(), State::kUnclaimed);
  writer_ = write_file_durably;
  EXPECT_TRUE(claim_with_right_code());
}

TEST_F(AnUnclaimedMachine, IsClaimedWhenTheRenameHappenedAlthoughTheWriteFailed) {
  writer_ = [](const auto& path, auto data, auto mode) -> Result<void> {
    EXPECT_TRUE(write_file_durably(path, data, mode));
    return fail(Category::kIo, "sync", "folder", "input/output error");
  };
  EXPECT_TRUE(claim_with_right_code());
  EXPECT_EQ(state(), State::kAccepted);
}

class AClosedWindow : public ClaimFixture {
 protected:
  AClosedWindow() {
    old_code_ = claim_->code().value();
    pass(minutes(61));
    claim_->tick();
  }
  std::string old_code_;
};

TEST_F(AClosedWindow, ReopensAtTheConsoleWithAnotherCode) {
  ASSERT_TRUE(claim_->reopen());
  EXPECT_EQ(category_of(claim_->claim_with_code("cloud.test", old_code_, "192.0.2.1")),
            Category::kPermission);
  EXPECT_TRUE(claim_with_right_code());
}

TEST_F(AClosedWindow, ReopensAtTheNextBoot) {
  boot();
  EXPECT_EQ(state(), State::kUnclaimed);
}

TEST_F(AClosedWindow, MayStillBeClaimedAtTheMachineItself) {
  EXPECT_TRUE(claim_->claim_here("cloud.test", Way::kConsole));
}

class AClaimedMachine : public ClaimFixture {
 protected:
  AClaimedMachine() { token_ = claim_with_right_code().value(); }
  Secret token_;
};

TEST_F(AClaimedMachine, GoesThroughItsStepsInOrder) {
  for (const auto expected : {State::kAccepted, State::kSecrets, State::kConfigured, State::kStarted}) {
    EXPECT_EQ(state(), expected);
    EXPECT_EQ(claim_->due(), expected);
    step();
  }
  EXPECT_EQ(state(), State::kLive);
  EXPECT_EQ(claim_->due(), std::nullopt);
  EXPECT_EQ(claim_->status().step, kSteps);
}

TEST_F(AClaimedMachine, GoesOnToLiveWhereverThePowerIsCut) {
  for (int cut_after = 0; cut_after <= 4; ++cut_after) {
    for (int i = 0; i < cut_after; ++i) step();
    boot();
    EXPECT_EQ(claim_->status().domain, "cloud.test");
    EXPECT_EQ(category_of(claim_with_wrong_code()), Category::kConflict);
    go_live();
    EXPECT_EQ(state(), State::kLive);
    EXPECT_TRUE(claim_->first_password()) << "a password nobody has seen is made anew";
    EXPECT_TRUE(claim_->knows_session(token_.reveal()));
  }
}

TEST_F(AClaimedMachine, DoesNothingAgainAfterThePasswordWasShown) {
  go_live();
  claim_->password_was_shown();
  boot();
  EXPECT_EQ(state(), State::kLive);
  EXPECT_FALSE(claim_->first_password());
  EXPECT_FALSE(claim_->knows_session(token_.reveal()));
}

TEST_F(AClaimedMachine, LooksAgainAfterARestartWhetherItAnswersAndWritesNothing) {
  go_live();
  EXPECT_TRUE(claim_->status().answering);
  claim_->password_was_shown();
  boot();
  EXPECT_FALSE(claim_->status().answering);
  EXPECT_EQ(claim_->due(), State::kLive);
  writer_ = [](auto&&...) -> Result<void> {
    return fail(Category::kNoSpace, "write", "claim.json", "disk full");
  };
  claim_->step_failed(Error(Category::kCommandFailed, "restart", "haven-health.service", "no"));
  EXPECT_EQ(claim_->due(), std::nullopt);
  pass(minutes(1));
  step();
  EXPECT_TRUE(claim_->status().answering);
  EXPECT_EQ(claim_->due(), std::nullopt);
}

TEST_F(AClaimedMachine, TriesAFailedStepAgainAfterAWhile) {
  claim_->step_failed(Error(Category::kCommandFailed, "start", "x.service", "no"));
  EXPECT_EQ(claim_->due(), std::nullopt);
  EXPECT_EQ(claim_->status().step_text, "x.service: cannot start: no; trying again in 5 s");
  pass(seconds(5));
  EXPECT_EQ(claim_->due(), State::kAccepted);
}

TEST_F(AClaimedMachine, DoesNotBelieveAStepThatIsNotOnDisk) {
  writer_ = [](auto&&...) -> Result<void> {
    return fail(Category::kNoSpace, "write", "claim.json", "disk full");
  };
  step();
  EXPECT_EQ(state(), State::kAccepted);
  writer_ = write_file_durably;
  pass(minutes(1));
  go_live();
  EXPECT_EQ(state(), State::kLive);
}

TEST_F(AClaimedMachine, KnowsOnlyTheSessionThatClaimed) {
  EXPECT_TRUE(claim_->knows_session(token_.reveal()));
  EXPECT_FALSE(claim_->knows_session(""));
  EXPECT_FALSE(claim_->knows_session("00000000000000000000000000000000"));
}

TEST_F(AClaimedMachine, ShowsThePasswordOnceAndOnlyWhenLive) {
  step();
  EXPECT_FALSE(claim_->first_password());
  go_live();
  EXPECT_EQ(claim_->first_password(), "first-password");
  claim_->password_was_shown();
  EXPECT_EQ(category_of(claim_->first_password()), Category::kConflict);
}

TEST_F(AClaimedMachine, MakesANewPasswordWhenTheOwnerAsksAtTheConsole) {
  go_live();
  claim_->password_was_shown();
  ASSERT_TRUE(claim_->renew_password());
  EXPECT_EQ(state(), State::kAccepted);
  go_live();
  EXPECT_TRUE(claim_->first_password());
}

TEST_F(AClaimedMachine, CannotBeReopenedOrRepaired) {
  EXPECT_EQ(category_of(claim_->reopen()), Category::kConflict);
  EXPECT_EQ(category_of(claim_->repair()), Category::kConflict);
}

TEST_F(AClaimedMachine, ForgetsTheSessionOfTheClaimWhenANewPasswordIsMade) {
  go_live();
  ASSERT_TRUE(claim_->knows_session(token_.reveal()));
  ASSERT_TRUE(claim_->renew_password());
  EXPECT_FALSE(claim_->knows_session(token_.reveal()));
  boot();
  EXPECT_FALSE(claim_->knows_session(token_.reveal()));
}

class ADamagedStore : public ClaimFixture {
 protected:
  void damage(std::optional<stack::Domain> configured = std::nullopt) {
    configured_ = std::move(configured);
    ASSERT_TRUE(write_file(folder_.path() / "claim.json", "garbage"));
    boot();
  }
};

TEST_F(ADamagedStore, LetsNobodyClaim) {
  damage();
  EXPECT_EQ(state(), State::kDamaged);
  EXPECT_FALSE(claim_->code());
  EXPECT_EQ(category_of(claim_->claim_with_code("cloud.test", "", "192.0.2.1")), Category::kConflict);
  EXPECT_EQ(category_of(claim_->claim_here("cloud.test", Way::kCredential)), Category::kConflict);
  EXPECT_EQ(category_of(claim_->reopen()), Category::kConflict);
  EXPECT_EQ(claim_->due(), std::nullopt);
}

TEST_F(ADamagedStore, IsSeenWhenTheJournalIsGoneButTheMachineHasADomain) {
  configured_ = stack::Domain::parse("cloud.test").value();
  boot();
  EXPECT_EQ(state(), State::kDamaged);
}

TEST_F(ADamagedStore, GoesOnWithItsDomainAfterTheRepair) {
  damage(stack::Domain::parse("cloud.test").value());
  ASSERT_TRUE(claim_->repair());
  EXPECT_EQ(state(), State::kAccepted);
  boot();
  EXPECT_EQ(claim_->status().domain, "cloud.test");
}

TEST_F(ADamagedStore, IsUnclaimedAfterTheRepairWhenItNeverHadADomain) {
  damage();
  ASSERT_TRUE(claim_->repair());
  EXPECT_EQ(state(), State::kUnclaimed);
  EXPECT_TRUE(claim_with_right_code());
}

}  // namespace
}  // namespace stratify::firstboot
