#include "firstboot/console.hpp"

#include <gmock/gmock.h>

#include "firstboot/qr.hpp"
#include "tests/firstboot/claim_fixture.hpp"
#include "tests/firstboot/in_process_claim.hpp"

namespace stratify::firstboot {
namespace {

using testing::HasSubstr;
using testing::Not;

class TheConsole : public tests::ClaimFixture {
 protected:
  TheConsole() { console_.refresh(); }

  // What was written since the last call.
  std::string written() { return std::exchange(written_, {}); }

  std::string after(std::string_view line) {
    written();
    console_.typed(line);
    return written();
  }

  std::string written_;
  tests::InProcessClaim api_{claim_};
  std::vector<std::string> addresses_{"192.0.2.7"};
  Console console_{api_,
                   {.version = "0.1.0",
                    .addresses = [this] { return addresses_; },
                    .live = [] { return std::nullopt; },
                    .fingerprint = [] { return ""; },
                    .write = [this](std::string_view text) { written_ += text; }}};
};

TEST_F(TheConsole, ShowsAddressCodeAndLink) {
  const auto code = claim_->code().value();
  auto letters = code;
  std::erase(letters, '-');
  const auto text = written();
  EXPECT_THAT(text, HasSubstr("http://192.0.2.7/"));
  EXPECT_THAT(text, HasSubstr("claim code: " + code));
  EXPECT_THAT(text, HasSubstr("http://192.0.2.7/#" + letters));
  EXPECT_THAT(text, HasSubstr("▀"));
}

TEST_F(TheConsole, WritesNothingWhileNothingChanges) {
  written();
  pass(std::chrono::minutes(10));
  console_.refresh();
  EXPECT_EQ(written(), "");
}

TEST_F(TheConsole, ShowsANewAddress) {
  written();
  addresses_ = {"198.51.100.4"};
  console_.refresh();
  EXPECT_THAT(written(), HasSubstr("http://198.51.100.4/"));
}

TEST_F(TheConsole, ClaimsWithATypedDomainAndTellsEveryStep) {
  EXPECT_THAT(after("cloud.test\n"), HasSubstr("claim: 1/5 accepted\n"));
  for (const auto* line :
       {"claim: 2/5 secrets\n", "claim: 3/5 configured\n", "claim: 4/5 started\n", "claim: 5/5 live\n"}) {
    step();
    console_.refresh();
    EXPECT_THAT(written(), HasSubstr(line));
  }
}

TEST_F(TheConsole, TellsStepsItHasMissed) {
  written();
  ASSERT_TRUE(claim_with_right_code());
  go_live();
  console_.refresh();
  const auto text = written();
  for (const auto* line :
       {"claim: 1/5 accepted", "claim: 4/5 started", "claim: 5/5 live", "Your cloud is live"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(TheConsole, TellsOnlyWhereTheClaimStandsWhenItStartsLate) {
  ASSERT_TRUE(claim_with_right_code());
  go_live();
  written();
  Console late(api_, {.version = "0.1.0",
                      .addresses = [this] { return addresses_; },
                      .live = [] { return std::nullopt; },
                      .fingerprint = [] { return ""; },
                      .write = [this](std::string_view text) { written_ += text; }});
  late.refresh();
  const auto text = written();
  EXPECT_THAT(text, HasSubstr("claim: 5/5 live\n"));
  EXPECT_THAT(text, Not(HasSubstr("claim: 4/5")));
}

TEST_F(TheConsole, SaysStartingUntilEveryAddressAnswersAgain) {
  ASSERT_TRUE(claim_with_right_code());
  go_live();
  claim_->password_was_shown();
  boot();
  console_.refresh();
  claim_->report("waiting for files.cloud.test (it answers 502)");
  console_.refresh();
  auto text = written();
  EXPECT_THAT(text, HasSubstr("Starting cloud.test\n"));
  EXPECT_THAT(text, HasSubstr("  waiting for files.cloud.test (it answers 502)\n"));
  EXPECT_THAT(text, Not(HasSubstr("live")));
  step();
  console_.refresh();
  text = written();
  EXPECT_THAT(text, HasSubstr("Your cloud is live"));
  EXPECT_THAT(text, Not(HasSubstr("claim: ")));
}

TEST_F(TheConsole, SaysWhatIsWrongWithADomain) {
  EXPECT_EQ(after("https://cloud.test\n"),
            "Leave out “https://” and type the domain alone, for example example.org.\n");
}

TEST_F(TheConsole, ShowsThePasswordOnceWhenAsked) {
  after("cloud.test\n");
  go_live();
  console_.refresh();
  EXPECT_THAT(written(), HasSubstr("Press Enter to show the owner's password once."));
  EXPECT_THAT(after("\n"), HasSubstr("owner's first password: first-password\n"));
  console_.refresh();
  EXPECT_EQ(written(), "") << "it stays until the next Enter";
  addresses_ = {"198.51.100.4"};
  console_.refresh();
  EXPECT_EQ(written(), "") << "whatever else is new";
  EXPECT_THAT(after("\n"), Not(HasSubstr("first-password")));
}

TEST_F(TheConsole, MakesANewPasswordWhenAsked) {
  after("cloud.test\n");
  go_live();
  console_.refresh();
  after("\n");
  EXPECT_THAT(after("new password\n"), HasSubstr("claim: 1/5 accepted"));
  go_live();
  console_.refresh();
  EXPECT_THAT(after("\n"), HasSubstr("first-password"));
}

TEST_F(TheConsole, ReopensAClosedWindow) {
  pass(std::chrono::minutes(61));
  console_.refresh();
  EXPECT_THAT(written(), HasSubstr("the time to claim is over"));
  EXPECT_THAT(after("\n"), HasSubstr("claim code: "));
}

TEST_F(TheConsole, RepairsADamagedStoreOnlyWhenToldTo) {
  ASSERT_TRUE(write_file(folder_.path() / "claim.json", "garbage"));
  boot();
  console_.refresh();
  EXPECT_THAT(written(), HasSubstr("DAMAGED"));
  EXPECT_EQ(after("cloud.test\n"), "");
  EXPECT_THAT(after("repair\n"), HasSubstr("claim code: "));
}

TEST_F(TheConsole, LetsNobodySteerTheTerminal) {
  EXPECT_FALSE(claim_->claim_here("\033[2Jevil.test", Way::kCredential));
  written();
  console_.refresh();
  const auto text = written();
  EXPECT_THAT(text, HasSubstr("refused"));
  EXPECT_THAT(text.substr(4), Not(HasSubstr("\033[2Jevil")));
}

TEST_F(TheConsole, WaitsForTheClaimToAnswer) {
  api_.answers = false;
  written();
  console_.refresh();
  EXPECT_THAT(written(), HasSubstr("Starting ..."));
}

TEST(TheClaimScreen, FitsAnOldTerminal) {
  const auto lines = screen({.version = "0.1.0",
                             .addresses = {"192.168.100.100", "[2001:db8:1:2:3:4:5:6]"},
                             .status = {.window = 1, .window_closes_in = std::chrono::minutes(60)},
                             .code = "K7QM-3XWD",
                             .live = {}});
  EXPECT_LE(lines.size(), 22U);
  for (const auto& line : lines) {
    const auto columns =
        std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    EXPECT_LE(columns, 80) << line;
  }
}

TEST(TheScreenOfALiveCloud, ShowsTheFingerprintOfAHomesAuthority) {
  Facts facts{.status = {.state = State::kLive, .domain = "cloud.test", .home = true, .answering = true},
              .live = stack::Live{.authority_url = "http://cloud.test/openhaven-ca.crt"},
              .fingerprint =
                  "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:"
                  "FE:DC:BA:98:76:54:32:10:FE:DC:BA:98:76:54:32:10"};
  EXPECT_THAT(screen(facts), testing::IsSupersetOf({"    01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:",
                                                    "    FE:DC:BA:98:76:54:32:10:FE:DC:BA:98:76:54:32:10"}));
  facts.status.home = false;
  EXPECT_THAT(screen(facts), testing::Not(testing::Contains(HasSubstr("FE:DC"))));
}

TEST(TheClaimScreen, HasALinkButNothingToScanWhereNoPhoneReachesIt) {
  Facts facts{.addresses = {"127.0.0.1:8080"}, .status = {.window = 1}, .code = "K7QM-3XWD", .live = {}};
  EXPECT_THAT(screen(facts), testing::Contains("  http://127.0.0.1:8080/#K7QM3XWD"));
  EXPECT_THAT(screen(facts), testing::Not(testing::Contains(HasSubstr("█"))));
  facts.addresses = {"192.168.1.7"};
  EXPECT_THAT(screen(facts), testing::Contains(HasSubstr("█")));
}

TEST(TheScreenOfALiveCloud, ShowsTheAddressOthersReachItAt) {
  const Facts facts{.status = {.state = State::kLive, .domain = "cloud.test", .answering = true},
                    .live = stack::Live{.url = "https://cloud.test:8443/"}};
  EXPECT_THAT(screen(facts), testing::Contains("Your cloud is live: https://cloud.test:8443/"));
}

TEST(EveryScreen, EndsWithWhatTheHostOfTheMachineHasToSay) {
  for (const auto state : {State::kUnclaimed, State::kClosed, State::kDamaged, State::kLive}) {
    const Facts facts{.status = {.state = state}, .live = {}, .note = "To stop it:\x1b Ctrl-A, then X."};
    EXPECT_EQ(screen(facts).back(), "To stop it:  Ctrl-A, then X.");
  }
}

TEST(AQrCode, IsSquareWithALightMargin) {
  const auto lines = qr_lines("http://192.168.100.100/#K7QM3XWD").value();
  EXPECT_EQ(lines.size(), 15U) << "version 2: 25 modules and a margin";
  EXPECT_EQ(lines.front().substr(0, 3), "█");
  EXPECT_FALSE(qr_lines(std::string(5000, 'x')));
}

}  // namespace
}  // namespace stratify::firstboot
