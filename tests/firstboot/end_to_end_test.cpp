#include <gmock/gmock.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "firstboot/journal.hpp"
#include "tests/firstboot/machine_fixture.hpp"

namespace stratify::firstboot {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AMachine : public tests::MachineFixture {
 protected:
  std::string claim_by_page() {
    const auto answer = http("POST", "/claim", "domain=cloud.test&code=" + api_->code().value_or("none"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 303"));
    const auto at = answer.find("openhaven-claim=");
    return at == std::string::npos ? "" : "Cookie: " + answer.substr(at, 48) + "\r\n";
  }

  [[nodiscard]] Record journal() const { return Journal(folder_.path() / "claim").load().value().value(); }
};

TEST_F(AMachine, IsClaimedByItsPageAndEndsLive) {
  boot();
  open_pages();
  EXPECT_THAT(http("GET", "/"), HasSubstr("Name your cloud"));
  EXPECT_THAT(http("GET", "/progress"), StartsWith("HTTP/1.1 404"));
  const auto cookie = claim_by_page();
  ASSERT_TRUE(until_state(State::kLive));
  EXPECT_THAT(http("GET", "/progress", "", cookie), HasSubstr(R"("state":"live","step":5)"));
  EXPECT_THAT(http("POST", "/first-password", "", cookie), HasSubstr(read_file(file("users")).value()));
  EXPECT_THAT(http("POST", "/first-password", "", cookie), Not(HasSubstr(read_file(file("users")).value())));
  EXPECT_THAT(http("POST", "/claim", "domain=other.test&code=x"), StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(journal().state, State::kLive);
  EXPECT_TRUE(journal().password_shown);
}

TEST_F(AMachine, GoesOnWhereverThePowerIsCut) {
  boot();
  open_pages();
  const auto code = api_->code().value();
  cut_power();
  boot("accepted");
  EXPECT_NE(api_->code().value(), code) << "a new code at each boot";
  const auto cookie = claim_by_page();
  for (const auto* held : {"accepted", "secrets", "configured", "started"}) {
    EXPECT_TRUE(until_file("begun-" + std::string(held)));
    cut_power();
    const std::string next = std::string(held) == "accepted"     ? "secrets"
                             : std::string(held) == "secrets"    ? "configured"
                             : std::string(held) == "configured" ? "started"
                                                                 : "";
    boot(next);
  }
  ASSERT_TRUE(until_state(State::kLive));
  EXPECT_EQ(api_->status()->domain, "cloud.test");
  EXPECT_EQ(read_file(file("cloud.yaml")), "domain: cloud.test\n");
  EXPECT_THAT(http("POST", "/first-password", "", cookie), HasSubstr(read_file(file("users")).value()));
}

TEST_F(AMachine, MakesANewPasswordWhenNobodySawTheFirst) {
  boot();
  ASSERT_TRUE(api_->claim_here("cloud.test"));
  ASSERT_TRUE(until_state(State::kLive));
  const auto first = read_file(file("users")).value();
  cut_power();
  boot();
  ASSERT_TRUE(until_state(State::kLive));
  const auto second = api_->first_password_here().value();
  EXPECT_NE(second.reveal(), first);
  EXPECT_EQ(second.reveal(), read_file(file("users")).value());
}

TEST_F(AMachine, LooksAfterARestartOnlyWhetherItStillAnswers) {
  boot();
  ASSERT_TRUE(api_->claim_here("cloud.test"));
  ASSERT_TRUE(until_state(State::kLive));
  const auto password = api_->first_password_here().value();
  ASSERT_TRUE(until([](const Status& status) { return !status.password_available; }));
  cut_power();
  for (const auto* begun : {"begun-accepted", "begun-secrets", "begun-configured", "begun-started"})
    ASSERT_TRUE(std::filesystem::remove(file(begun)));
  boot();
  EXPECT_TRUE(until([](const Status& status) { return status.answering; }));
  EXPECT_TRUE(std::filesystem::exists(file("begun-started")));
  EXPECT_FALSE(std::filesystem::exists(file("begun-accepted")));
  EXPECT_EQ(read_file(file("users")), password.reveal());
}

TEST_F(AMachine, HasOneWinnerWhenManyClaimInTheSameInstant) {
  boot();
  const auto code = api_->code().value();
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> claimers;
    for (int i = 0; i < 8; ++i) {
      claimers.emplace_back([&, i] {
        const auto name = "claimer-" + std::to_string(i) + ".test";
        if (connect()->claim(name, code, "192.0.2." + std::to_string(i))) ++winners;
      });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_TRUE(until_state(State::kLive));
}

TEST_F(AMachine, IsClaimedByACredential) {
  ASSERT_TRUE(write_file(file("credential"), "cloud.test\n"));
  boot();
  EXPECT_TRUE(until_state(State::kLive));
  EXPECT_EQ(journal().way, Way::kCredential);
}

TEST_F(AMachine, IsClaimedByCloudInitHoweverLateItWrites) {
  boot();
  ASSERT_TRUE(write_file(file("run/domain"), "cloud.test"));
  EXPECT_TRUE(until_state(State::kLive));
  EXPECT_EQ(journal().way, Way::kCloudInit);
}

TEST_F(AMachine, SaysWhyACredentialWasRefusedAndStaysClaimable) {
  ASSERT_TRUE(write_file(file("credential"), "co.uk"));
  boot();
  EXPECT_THAT(api_->status()->notice, HasSubstr("co.uk is shared by many."));
  EXPECT_TRUE(api_->claim_here("cloud.test"));
}

TEST_F(AMachine, SurvivesAThousandWrongCodes) {
  boot();
  open_pages();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(api_->claim("cloud.test", "wrong", "192.0.2." + std::to_string(i % 200)).has_value(), false);
  }
  EXPECT_EQ(api_->status()->state, State::kClosed);
  EXPECT_THAT(http("GET", "/"), HasSubstr("The time to claim is over"));
  EXPECT_TRUE(api_->reopen());
  claim_by_page();
  EXPECT_TRUE(until_state(State::kLive));
}

TEST_F(AMachine, WithADamagedStoreShowsAPageWithoutAForm) {
  ASSERT_TRUE(write_file(file("claim/claim.json"), "{\"version\":1"));
  boot();
  open_pages();
  const auto page = http("GET", "/");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(page, Not(HasSubstr("<form")));
  EXPECT_THAT(http("POST", "/claim", "domain=cloud.test&code=x"), StartsWith("HTTP/1.1 404"));
}

// What fake_machine code prints for user nobody.
std::string code_for_nobody() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::pipe(fds.data()), 0);
  const auto pid = ::fork();
  if (pid == 0) {
    constexpr uid_t kNobody = 65534;
    const bool dropped = ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                         ::setresuid(kNobody, kNobody, kNobody) == 0;
    ::dup2(fds[1], 1);
    if (dropped) ::execl(FAKE_MACHINE, FAKE_MACHINE, "code", nullptr);
    ::_exit(127);
  }
  ::close(fds[1]);
  const Descriptor reader(fds[0]);
  std::array<char, 256> buffer{};
  const auto count = ::read(reader.get(), buffer.data(), buffer.size());
  ::waitpid(pid, nullptr, 0);
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

TEST_F(AMachine, TellsTheCodeToRootOnly) {
  boot();
  EXPECT_EQ(code_for_nobody(), "Only root may do this.\n");
}

}  // namespace
}  // namespace stratify::firstboot
