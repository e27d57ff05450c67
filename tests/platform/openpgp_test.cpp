#include "platform/openpgp.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "platform/ostree.hpp"
#include "platform/ostree_signature.hpp"

namespace stratify {
namespace {

class ACommit : public testing::Test {
 protected:
  Sha256 make_commit() {
    auto transaction = repository_.begin().value();
    ostree::Tree tree;
    EXPECT_TRUE(tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()));
    const auto commit =
        transaction.write_commit(transaction.write_tree(tree).value(), {.subject = "x"}).value();
    EXPECT_TRUE(transaction.commit());
    return commit;
  }

  std::filesystem::path keyring_of(const SigningKey& key) {
    const auto path = folder_.path() / (key.fingerprint() + ".gpg");
    EXPECT_TRUE(write_file(path, key.public_key()));
    return path;
  }

  TemporaryFolder folder_ = TemporaryFolder::create("/tmp").value();  // short: gpg-agent's socket lies in it
  RealProcessRunner runner_;
  ostree::Repository repository_ = ostree::Repository::open_or_create(folder_.path() / "repo").value();
  SigningKey key_ = SigningKey::development(runner_, folder_.path() / "key").value();
};

TEST_F(ACommit, IsTrustedByTheKeyThatSignedIt) {
  const auto commit = make_commit();
  ASSERT_TRUE(key_.sign_commit(repository_.path(), commit));
  EXPECT_EQ(ostree::verify_signature(repository_.path(), commit, keyring_of(key_)), key_.fingerprint());
}

TEST_F(ACommit, IsNotTrustedByAnotherKey) {
  const auto commit = make_commit();
  ASSERT_TRUE(key_.sign_commit(repository_.path(), commit));
  const auto other = SigningKey::development(runner_, folder_.path() / "other").value();
  EXPECT_EQ(ostree::verify_signature(repository_.path(), commit, keyring_of(other)).error().category(),
            Category::kVerification);
}

TEST_F(ACommit, SignedTwiceByOneKeyHasOneSignature) {
  const auto commit = make_commit();
  ASSERT_TRUE(key_.sign_commit(repository_.path(), commit));
  const auto metadata =
      folder_.path() / "repo/objects" / commit.hex().substr(0, 2) / (commit.hex().substr(2) + ".commitmeta");
  const auto once = read_file(metadata).value();
  ASSERT_TRUE(key_.sign_commit(repository_.path(), commit));
  EXPECT_EQ(read_file(metadata), once);
}

TEST_F(ACommit, IsSignedWithTheKeyOfTheFileAndNoEarlierOne) {
  const auto homes = folder_.path() / "homes";
  for (const auto* name : {"first", "second"}) {
    const auto home = folder_.path() / name;
    const auto key = SigningKey::development(runner_, home).value();
    const auto file = folder_.path() / (std::string(name) + ".asc");
    ASSERT_TRUE(run_checked(runner_, {.arguments = {"gpg", "--homedir", home, "--batch", "--output", file,
                                                    "--armor", "--export-secret-keys", key.fingerprint()}}));
    EXPECT_EQ(SigningKey::from_file(runner_, file, homes)->fingerprint(), key.fingerprint());
  }
}

TEST_F(ACommit, DevelopmentKeyIsMadeOnce) {
  EXPECT_EQ(SigningKey::development(runner_, folder_.path() / "key")->fingerprint(), key_.fingerprint());
}

}  // namespace
}  // namespace stratify
