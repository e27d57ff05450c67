#include "platform/ostree_transfer.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree_signature.hpp"

namespace stratify::ostree {
namespace {

class TwoCommitsThatShareAFile : public testing::Test {
 protected:
  void SetUp() override {
    const auto repository = Repository::open_or_create(path_, Sync::kNever).value();
    old_ = commit(repository, "old");
    new_ = commit(repository, "new");
  }

  static std::optional<Sha256> commit(const Repository& repository, std::string_view content) {
    auto transaction = repository.begin().value();
    Tree tree;
    EXPECT_TRUE(tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()));
    EXPECT_TRUE(tree.replace_file("/shared", transaction.write_file({}, std::string(100000, 'x')).value()));
    EXPECT_TRUE(tree.replace_file("/own", transaction.write_file({}, content).value()));
    const auto root = transaction.write_tree(tree).value();
    auto checksum = transaction.write_commit(root, {.timestamp = 1}).value();
    EXPECT_TRUE(transaction.commit());
    return checksum;
  }

  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "transfer-test").value();
  std::filesystem::path path_ = folder_.path() / "repo";
  std::optional<Sha256> old_;
  std::optional<Sha256> new_;
};

TEST_F(TwoCommitsThatShareAFile, MoveOnlyWhatIsMissing) {
  const auto update = transfer_between(path_, old_, *new_);
  ASSERT_TRUE(update) << update.error().message();
  EXPECT_EQ(update->objects, 3U);  // the commit, the root folder, the file
  EXPECT_LT(update->bytes, 1000U);
}

TEST_F(TwoCommitsThatShareAFile, MoveCompressed) {
  const auto everything = transfer_between(path_, std::nullopt, *new_);
  EXPECT_EQ(everything->objects, 5U);
  EXPECT_LT(everything->bytes, 2000U);
  EXPECT_EQ(transfer_between(path_, new_, *new_)->objects, 0U);
}

class ASignedCommit : public TwoCommitsThatShareAFile {
 protected:
  void SetUp() override {
    TwoCommitsThatShareAFile::SetUp();
    // A short path: gpg-agent's socket lies in the key's home.
    const auto key = SigningKey::development(runner_, keys_.path() / "home").value();
    ASSERT_TRUE(key.sign_commit(path_, *old_));
    ASSERT_TRUE(write_file(keyring_, key.public_key()));
    fingerprint_ = key.fingerprint();
  }
  void TearDown() override {
    const auto stopped =
        runner_.run({.arguments = {"gpgconf", "--homedir", keys_.path() / "home", "--kill", "all"}});
    EXPECT_TRUE(stopped);
  }
  TemporaryFolder keys_ = TemporaryFolder::create("/tmp", "keys").value();
  RealProcessRunner runner_;
  std::filesystem::path keyring_ = folder_.path() / "trusted.gpg";
  std::string fingerprint_;
};

TEST_F(ASignedCommit, IsAcceptedByItsKey) {
  EXPECT_EQ(verify_signature(path_, *old_, keyring_), fingerprint_);
}

TEST_F(ASignedCommit, IsRefusedByAnotherKeyring) {
  const auto other = SigningKey::development(runner_, keys_.path() / "other").value();
  ASSERT_TRUE(write_file(keyring_, other.public_key()));
  const auto verdict = verify_signature(path_, *old_, keyring_);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().category(), Category::kVerification);
}

TEST_F(ASignedCommit, DoesNotVouchForAnother) {
  EXPECT_EQ(verify_signature(path_, *new_, keyring_).error().category(), Category::kVerification);
}

}  // namespace
}  // namespace stratify::ostree
