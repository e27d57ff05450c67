#include "platform/ostree_signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree.hpp"

namespace stratify::ostree {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::string_view kText = "{\"serial\": 7}\n";

class ASignedText : public testing::Test {
 protected:
  void TearDown() override {
    for (const auto& home : fs::directory_iterator(folder_.path() / "homes"))
      EXPECT_TRUE(runner_.run({.arguments = {"gpgconf", "--homedir", home.path(), "--kill", "all"}}));
  }

  [[nodiscard]] fs::path home(const std::string& name) const { return folder_.path() / "homes" / name; }

  SigningKey key(const std::string& name) { return SigningKey::development(runner_, home(name)).value(); }

  // The key of this name as it is published now.
  fs::path keyring(const std::string& name) {
    const auto path = folder_.path() / (name + ".gpg");
    EXPECT_TRUE(write_file(path, key(name).public_key()));
    return path;
  }

  std::string signature(const std::string& name, std::string_view text = kText) {
    return key(name).sign_data(runner_, text).value();
  }

  void gpg(const std::string& name, const std::vector<std::string>& options,
           const std::vector<std::string>& command) {
    std::vector<std::string> line{"gpg", "--homedir", home(name), "--batch", "--quiet"};
    line.insert(line.end(), options.begin(), options.end());
    line.insert(line.end(), command.begin(), command.end());
    const auto done = run_checked(runner_, {.arguments = line});
    EXPECT_TRUE(done) << done.error().message();
  }

  Result<std::string> verify(std::string_view signatures, const std::vector<fs::path>& keyrings) {
    return verify_data(repository_.path(), kText, signatures, keyrings);
  }

  std::string refusal(std::string_view signatures, const std::vector<fs::path>& keyrings) {
    const auto verdict = verify(signatures, keyrings);
    if (verdict) return "accepted";
    EXPECT_EQ(verdict.error().category(), Category::kVerification);
    return verdict.error().message();
  }

  TemporaryFolder folder_ = TemporaryFolder::create("/tmp").value();  // short: gpg-agent's socket lies in it
  RealProcessRunner runner_;
  Repository repository_ = Repository::open_or_create(folder_.path() / "repo").value();
};

TEST_F(ASignedText, IsTrustedByTheKeyThatSignedIt) {
  EXPECT_EQ(verify(signature("a"), {keyring("a")}), key("a").fingerprint());
}

TEST_F(ASignedText, IsTrustedByAKeyInAFolder) {
  fs::create_directories(folder_.path() / "trusted.gpg.d");
  fs::copy(keyring("a"), folder_.path() / "trusted.gpg.d");
  fs::copy(keyring("b"), folder_.path() / "trusted.gpg.d");
  EXPECT_EQ(verify(signature("a"), {folder_.path() / "trusted.gpg.d"}), key("a").fingerprint());
}

TEST_F(ASignedText, IsTrustedByAKeyInAnyOfTheKeyrings) {
  EXPECT_EQ(verify(signature("a"), {keyring("b"), keyring("a")}), key("a").fingerprint());
}

TEST_F(ASignedText, IsNotTrustedWithoutASignature) {
  EXPECT_THAT(refusal("", {keyring("a")}), HasSubstr("it is not signed"));
}

TEST_F(ASignedText, IsNotTrustedWithoutAKeyring) {
  EXPECT_THAT(refusal(signature("a"), {}), HasSubstr("there is no keyring to trust"));
}

TEST_F(ASignedText, IsNotTrustedByAnotherKey) {
  EXPECT_THAT(refusal(signature("a"), {keyring("b")}), HasSubstr("of a key that is not trusted here"));
}

TEST_F(ASignedText, IsNotTrustedByAKeyringThatIsMissing) {
  EXPECT_NE(refusal(signature("a"), {folder_.path() / "absent.gpg"}), "accepted");
}

TEST_F(ASignedText, IsNotTrustedByTheSignatureOfAnotherText) {
  EXPECT_THAT(refusal(signature("a", "{\"serial\": 8}\n"), {keyring("a")}), HasSubstr("does not match"));
}

TEST_F(ASignedText, IsNotTrustedByASignatureCutShort) {
  const auto whole = signature("a");
  for (const auto length : {whole.size() - 1, whole.size() / 2, std::size_t{1}})
    EXPECT_NE(refusal(whole.substr(0, length), {keyring("a")}), "accepted") << length;
}

TEST_F(ASignedText, IsNotTrustedByAKeyThatExpired) {
  const std::vector<std::string> in_2020{"--faked-system-time", "20200101T000000"};
  fs::create_directories(home("a"));
  fs::permissions(home("a"), fs::perms::owner_all);
  gpg("a", in_2020, {"--passphrase", "", "--quick-generate-key", "a", "ed25519", "sign", "1d"});
  ASSERT_TRUE(write_file(folder_.path() / "text", kText));
  gpg("a", in_2020, {"--output", folder_.path() / "made", "--detach-sign", folder_.path() / "text"});
  EXPECT_THAT(refusal(read_file(folder_.path() / "made").value(), {keyring("a")}), HasSubstr("expired"));
}

TEST_F(ASignedText, IsNotTrustedByAKeyThatWasRevoked) {
  const auto made = signature("a");
  const auto fingerprint = key("a").fingerprint();
  // GnuPG makes the certificate with the key, and a colon in front so that nobody imports it by mistake.
  const auto certificate = home("a") / "openpgp-revocs.d" / (fingerprint + ".rev");
  auto text = read_file(certificate).value();
  text.erase(text.find(":-----BEGIN"), 1);
  ASSERT_TRUE(write_file(certificate, text));
  gpg("a", {}, {"--import", certificate});
  gpg("a", {"--output", folder_.path() / "revoked.gpg"}, {"--export", fingerprint});
  EXPECT_THAT(refusal(made, {folder_.path() / "revoked.gpg"}), HasSubstr("revoked"));
}

TEST_F(ASignedText, IsTrustedByOneOfTwoSignatures) {
  const auto both = signature("a") + signature("b");
  EXPECT_EQ(verify(both, {keyring("a")}), key("a").fingerprint());
  EXPECT_EQ(verify(both, {keyring("b")}), key("b").fingerprint());
  EXPECT_NE(refusal(both, {keyring("c")}), "accepted");
}

}  // namespace
}  // namespace stratify::ostree
