#include "stack/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "platform/certificate.hpp"
#include "platform/file.hpp"
#include "stack/authority.hpp"
#include "stack/command.hpp"
#include "stack/machine.hpp"
#include "tests/support/authority.hpp"

namespace stratify::stack {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Unexpected refused(Category category, std::string cause) {
  return fail(category, "ask", "a name", std::move(cause));
}

// A proxy that answers each name in its way, 200 unless told otherwise.
class FakeProxy final : public AddressProbe {
 public:
  std::map<std::string, Result<unsigned>> answers;
  std::map<std::string, std::string> trusted;  // the authority each name was last asked with

  Result<unsigned> visit(const std::string& name, const std::string& authority) override {
    trusted[name] = authority;
    const auto found = answers.find(name);
    return found == answers.end() ? Result<unsigned>(200) : found->second;
  }
};

class AnAddressOfTheCloud : public testing::Test {
 protected:
  std::vector<std::string> waiting(bool leads_here = false, const std::string& authority = "PEM") {
    return not_answering(proxy_, {{.name = "files.example.org", .leads_here = leads_here}}, authority);
  }
  void answers(Result<unsigned> answer) { proxy_.answers = {{"files.example.org", std::move(answer)}}; }

  FakeProxy proxy_;
};

TEST_F(AnAddressOfTheCloud, AnswersWithEveryStatusThatIsNoFailure) {
  for (const unsigned status : {200U, 302U, 401U, 404U}) {
    answers(status);
    EXPECT_THAT(waiting(), IsEmpty()) << status;
  }
}

TEST_F(AnAddressOfTheCloud, WhoseServiceFailsIsWaitedFor) {
  answers(502U);
  EXPECT_THAT(waiting(), ElementsAre("files.example.org (it answers 502)"));
  EXPECT_THAT(waiting(true), ElementsAre("files.example.org (it answers 502)"));
}

TEST_F(AnAddressOfTheCloud, HasToShowACertificateOfTheOwnAuthority) {
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(proxy_.trusted["files.example.org"], "PEM");
  answers(refused(Category::kVerification, "its certificate: self-signed"));
  EXPECT_THAT(waiting(), ElementsAre("files.example.org (its certificate: self-signed)"));
}

TEST_F(AnAddressOfTheCloud, IsNotAskedBeforeTheOwnAuthorityExists) {
  EXPECT_THAT(waiting(false, ""), ElementsAre("files.example.org (its certificate is being made)"));
  EXPECT_THAT(proxy_.trusted, IsEmpty());
}

TEST_F(AnAddressOfTheCloud, ThatLeadsHereMayShowACertificateOfAnybody) {
  EXPECT_THAT(waiting(true), IsEmpty());
  EXPECT_EQ(proxy_.trusted["files.example.org"], "");
}

TEST_F(AnAddressOfTheCloud, ThatLeadsHereIsNotWaitedForWhileThePublicAuthorityHasGivenNoCertificate) {
  answers(refused(Category::kVerification, "tlsv1 alert internal error"));
  EXPECT_THAT(waiting(true), IsEmpty());
}

TEST_F(AnAddressOfTheCloud, ThatLeadsHereIsWaitedForWhileTheProxyIsSilent) {
  answers(refused(Category::kUnavailable, "Connection refused"));
  EXPECT_THAT(waiting(true), ElementsAre("files.example.org (Connection refused)"));
}

// The whole cloud

class ACloud : public testing::Test {
 protected:
  void SetUp() override {
    const auto library = root_.path() / "usr/lib/openhaven";
    ASSERT_TRUE(make_folders(library));
    std::filesystem::create_directory_symlink(std::filesystem::absolute("stack/catalogue"),
                                              library / "catalogue");
  }
  void claim(const std::string& domain) {
    ASSERT_TRUE(write_file(root_.path() / "etc/openhaven/cloud.yaml", "domain: " + domain + "\n"));
  }
  void make_authority() {
    ASSERT_TRUE(write_file(root_.path() / "var/lib/openhaven/data/caddy/pki/authorities/local/root.crt",
                           authority_.certificate()));
  }
  // Waits three moments; what happens in the second is up to the test.
  Result<void> see(std::function<void()> then = [] {}) {
    int moments = 3;
    return see_health(root_.path(), proxy_,
                      {.pause =
                           [&, then = std::move(then)] {
                             if (--moments == 1) then();
                             return moments > 0;
                           },
                       .say = [this](const std::string& words) { said_.push_back(words); }});
  }

  TemporaryFolder root_ = *TemporaryFolder::create(testing::TempDir());
  tests::Authority authority_;
  FakeProxy proxy_;
  std::vector<std::string> said_;
};

TEST_F(ACloud, HasNothingToSeeBeforeTheClaim) {
  EXPECT_TRUE(see());
  EXPECT_THAT(proxy_.trusted, IsEmpty());
}

TEST_F(ACloud, IsSeenAtEveryNameOfItsOwn) {
  claim("cloud.test");
  make_authority();
  const auto seen = see();
  ASSERT_TRUE(seen) << seen.error().message();
  EXPECT_THAT(proxy_.trusted, ElementsAre(std::pair("calendar.cloud.test", authority_.certificate()),
                                          std::pair("cloud.test", authority_.certificate()),
                                          std::pair("files.cloud.test", authority_.certificate())));
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ACloud, LeavesTheFingerprintOfItsAuthority) {
  claim("cloud.test");
  make_authority();
  ASSERT_TRUE(see());
  EXPECT_EQ(known_fingerprint(root_.path() / "run/openhaven/authority.sha256"),
            fingerprint_of(authority_.certificate()));
}

TEST_F(ACloud, IsWaitedForAndTellsOnceForWhom) {
  claim("cloud.test");
  make_authority();
  proxy_.answers.emplace("files.cloud.test", 502U);
  ASSERT_TRUE(see([this] { proxy_.answers.clear(); }));
  EXPECT_THAT(said_, ElementsAre("waiting for files.cloud.test (it answers 502)"));
}

TEST_F(ACloud, ThatDoesNotAnswerInTimeIsNamed) {
  claim("cloud.test");
  make_authority();
  proxy_.answers.emplace("files.cloud.test", 502U);
  EXPECT_EQ(see().error().message(),
            "files.cloud.test (it answers 502): cannot see answering: see 'journalctl -b -u caddy'");
}

TEST_F(ACloud, LeavesOpenWhoSignedForNamesThatLeadHere) {
  claim("example.org");
  make_authority();
  ASSERT_TRUE(save_ready_names(root_.path(), {"files.example.org"}));
  ASSERT_TRUE(see());
  EXPECT_EQ(proxy_.trusted["files.example.org"], "");
  EXPECT_EQ(proxy_.trusted["example.org"], authority_.certificate());
}

}  // namespace
}  // namespace stratify::stack
