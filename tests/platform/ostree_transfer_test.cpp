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

// A version whose OS and five service images hold the same library, in folders of their own.
class ALibraryOfTheOsAndFiveImages : public testing::Test {
 protected:
  static Sha256 commit(const Repository& repository, std::string_view library) {
    auto transaction = repository.begin().value();
    const auto folder = transaction.write_folder({.mode = 0755}).value();
    const auto file = transaction.write_file({.mode = 0644}, library).value();
    Tree tree;
    EXPECT_TRUE(tree.set_folder("/", folder));
    for (const std::string where : {"/os", "/images/a", "/images/b", "/images/c", "/images/d", "/images/e"}) {
      EXPECT_TRUE(tree.ensure_folder(where, folder));
      EXPECT_TRUE(tree.replace_file(where + "/libssl.so", file));
      EXPECT_TRUE(tree.replace_file(where + "/own", transaction.write_file({}, where).value()));
    }
    auto checksum = transaction.write_commit(transaction.write_tree(tree).value(), {.timestamp = 1}).value();
    EXPECT_TRUE(transaction.commit());
    return checksum;
  }

  // Text that does not compress to less than half.
  static std::string library(const std::string& seed) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += Sha256::of(seed + std::to_string(i)).hex();
    return text;
  }

  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "transfer-test").value();
};

TEST_F(ALibraryOfTheOsAndFiveImages, TravelsOnceWhenItIsMended) {
  const auto path = folder_.path() / "repo";
  const auto repository = Repository::open_or_create(path, Sync::kNever).value();
  const auto before = commit(repository, library("with a hole"));
  const auto after = commit(repository, library("mended"));
  const auto update = transfer_between(path, before, after);
  ASSERT_TRUE(update) << update.error().message();
  // The library, six folders it lies in, the two above them, the commit.
  EXPECT_EQ(update->objects, 10U);
  EXPECT_GT(update->bytes, library("mended").size() / 2);
  EXPECT_LT(update->bytes, library("mended").size());
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
