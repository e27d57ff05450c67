#include "stack/command.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "stack/machine.hpp"

namespace stratify::stack {
namespace {

// Every name leads to one address, whose machine answers with a token.
class OneAddress final : public DnsProbe {
 public:
  explicit OneAddress(std::filesystem::path root) : root_(std::move(root)) {}
  bool forwards = false;

  Result<std::vector<std::string>> resolve(const std::string& /*name*/) override {
    return std::vector<std::string>{"1.1.1.1"};
  }
  Result<std::string> fetch_token(const std::string& name, const std::string& /*address*/) override {
    if (forwards) return read_file(root_ / "run/openhaven/reachable/token");
    return fail(Category::kUnavailable, "ask", name, "refused");
  }

 private:
  std::filesystem::path root_;
};

class ADnsCheck : public testing::Test {
 protected:
  void SetUp() override {
    const auto library = root_.path() / "usr/lib/openhaven";
    ASSERT_TRUE(make_folders(library));
    std::filesystem::create_directory_symlink(std::filesystem::absolute("stack/catalogue"),
                                              library / "catalogue");
  }

  void configure(const std::string& domain) {
    ASSERT_TRUE(write_file(root_.path() / "etc/openhaven/cloud.yaml", "domain: " + domain + "\n"));
  }

  [[nodiscard]] DnsState state() const {
    return *parse_dns_state(*read_file(root_.path() / "run/openhaven/dns.json"));
  }

  TemporaryFolder root_ = *TemporaryFolder::create(testing::TempDir());
  OneAddress dns_{root_.path()};
};

TEST_F(ADnsCheck, DoesNothingBeforeTheClaimOrForAHomeName) {
  EXPECT_FALSE(*check_dns(root_.path(), dns_));
  configure("box.home.arpa");
  EXPECT_FALSE(*check_dns(root_.path(), dns_));
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "run/openhaven/dns.json"));
}

TEST_F(ADnsCheck, TellsWhatIsMissing) {
  configure("example.org");
  EXPECT_FALSE(*check_dns(root_.path(), dns_));
  ASSERT_EQ(state().names.size(), 3U);
  EXPECT_FALSE(state().names[0].ready);
  EXPECT_NE(state().names[0].advice, "");
}

TEST_F(ADnsCheck, AsksForANewRenderingOnceWhenNamesBecomeReady) {
  configure("example.org");
  dns_.forwards = true;
  EXPECT_TRUE(*check_dns(root_.path(), dns_));
  EXPECT_EQ(load_ready_names(root_.path())->size(), 3U);
  EXPECT_FALSE(*check_dns(root_.path(), dns_));
}

TEST_F(ADnsCheck, KeepsNamesReadyThroughAHiccup) {
  configure("example.org");
  dns_.forwards = true;
  EXPECT_TRUE(*check_dns(root_.path(), dns_));
  dns_.forwards = false;
  EXPECT_FALSE(*check_dns(root_.path(), dns_));
  EXPECT_EQ(load_ready_names(root_.path())->size(), 3U);
}

TEST_F(ADnsCheck, ForgetsTheStandInCertificateOfANameThatBecameReady) {
  configure("example.org");
  const auto stand_in = root_.path() / "var/lib/openhaven/data/caddy/certificates/local/files.example.org";
  ASSERT_TRUE(make_folders(stand_in));
  EXPECT_FALSE(*check_dns(root_.path(), dns_));
  EXPECT_TRUE(std::filesystem::exists(stand_in));
  dns_.forwards = true;
  EXPECT_TRUE(*check_dns(root_.path(), dns_));
  EXPECT_FALSE(std::filesystem::exists(stand_in));
}

}  // namespace
}  // namespace stratify::stack
