#include "platform/ostree_publish.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "platform/file.hpp"
#include "platform/openpgp.hpp"

namespace stratify::ostree {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

// Text that does not compress to nothing.
std::string noise(std::size_t size, unsigned seed) {
  std::string text;
  while (text.size() < size) text += Sha256::of(std::to_string(seed++)).hex();
  return text;
}

// Two signed commits of a build repository, copied into one for web servers.
class APublishedRepository : public testing::Test {
 protected:
  void SetUp() override {
    const auto build = Repository::open_or_create(build_, Sync::kNever).value();
    old_ = commit(build, "old");
    new_ = commit(build, "new");
    for (const auto& one : {*old_, *new_}) {
      key_.sign_commit(build_, one).value();
      const auto copied = copy_commit(build_, web_.path(), one);
      ASSERT_TRUE(copied) << copied.error().message();
    }
    write_file(keyring_, key_.public_key()).value();
  }
  void TearDown() override {
    EXPECT_TRUE(runner_.run({.arguments = {"gpgconf", "--homedir", keys_.path() / "key", "--kill", "all"}}));
  }

  static Sha256 commit(const Repository& repository, const std::string& content) {
    auto transaction = repository.begin().value();
    Tree tree;
    tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()).value();
    tree.replace_file("/large", transaction.write_file({}, noise(200'000, 1) + content).value()).value();
    tree.replace_file("/small", transaction.write_file({.mode = 0600}, content).value()).value();
    const auto root = transaction.write_tree(tree).value();
    auto checksum = transaction.write_commit(root, {.timestamp = content == "old" ? 1U : 2U}).value();
    transaction.commit().value();
    return checksum;
  }

  std::string ostree(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ostree");
    auto output = run_checked(runner_, {.arguments = std::move(arguments)});
    EXPECT_TRUE(output) << output.error().message();
    return output.value_or("");
  }

  // The command line's own repository, trusting the key for commits and summary.
  std::string machine() {
    auto path = (folder_.path() / "machine").string();
    ostree({"init", "--repo=" + path, "--mode=bare-user-only"});
    ostree({"remote", "add", "--repo=" + path, "--set=gpg-verify-summary=true",
            "--gpg-import=" + keyring_.string(), "web", "file://" + fs::absolute(web_.path()).string()});
    return path;
  }

  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "publish-test").value();
  TemporaryFolder keys_ = TemporaryFolder::create("/tmp", "keys").value();  // short: gpg-agent's socket
  RealProcessRunner runner_;
  fs::path build_ = folder_.path() / "build";
  fs::path keyring_ = folder_.path() / "trusted.gpg";
  SigningKey key_ = SigningKey::development(runner_, keys_.path() / "key").value();
  Repository web_ = open_or_create_archive(folder_.path() / "web").value();
  std::optional<Sha256> old_;
  std::optional<Sha256> new_;
};

TEST_F(APublishedRepository, GivesACommitToAMachineThatTrustsItsKey) {
  ASSERT_TRUE(SigningKey::write_summary(web_.path(), std::array{key_}));
  const auto repo = machine();
  ostree({"pull", "--repo=" + repo, "web", new_->hex()});
  EXPECT_EQ(ostree({"cat", "--repo=" + repo, new_->hex(), "/small"}), "new");
}

TEST_F(APublishedRepository, IsOpenedAgain) {
  const auto again = open_or_create_archive(web_.path());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->verify(*new_));
}

TEST_F(APublishedRepository, IsNotMadeOfOneOfAnotherMode) {
  EXPECT_THAT(open_or_create_archive(build_).error().message(), HasSubstr("choose another folder"));
}

TEST_F(APublishedRepository, DoesNotTakeADamagedObject) {
  const auto file = Repository::open(build_)->find(*new_, "/small").value()->checksum.hex();
  ASSERT_TRUE(write_file(build_ / "objects" / file.substr(0, 2) / (file.substr(2) + ".file"), "New"));
  TemporaryFolder other = TemporaryFolder::create("out/tmp", "publish-test").value();
  ASSERT_TRUE(open_or_create_archive(other.path() / "web"));
  EXPECT_EQ(copy_commit(build_, other.path() / "web", *new_).error().category(), Category::kVerification);
}

TEST_F(APublishedRepository, SaysWhatAnUpdateTakes) {
  const auto all = footprint(web_.path(), std::nullopt, *new_).value();
  const auto update = footprint(web_.path(), old_, *new_).value();
  EXPECT_EQ(all.objects, 5U);     // commit, folder, its attributes, two files
  EXPECT_EQ(update.objects, 4U);  // all but the attributes
  EXPECT_LT(update.bytes, all.bytes);
  EXPECT_LT(all.bytes, 150'000U);  // compressed
  EXPECT_EQ(all.installed_bytes, 200'704U + 4U * 4096U);
  EXPECT_EQ(footprint(web_.path(), new_, *new_)->objects, 0U);
}

TEST_F(APublishedRepository, HasADeltaThatIsSmallerThanTheObjects) {
  const auto bytes = make_delta(web_.path(), *old_, *new_);
  ASSERT_TRUE(bytes) << bytes.error().message();
  EXPECT_GT(*bytes, 0U);
  EXPECT_LT(*bytes, 10'000U);
  EXPECT_EQ(delta_bytes(web_.path(), *old_, *new_), *bytes);
  EXPECT_EQ(delta_bytes(web_.path(), *new_, *old_), 0U);
}

TEST_F(APublishedRepository, UpdatesAMachineByTheDeltaAlone) {
  ASSERT_TRUE(make_delta(web_.path(), *old_, *new_));
  ASSERT_TRUE(SigningKey::write_summary(web_.path(), std::array{key_}));
  const auto repo = machine();
  ostree({"pull", "--repo=" + repo, "web", old_->hex()});
  ostree({"pull", "--repo=" + repo, "--require-static-deltas", "web", new_->hex()});
  EXPECT_EQ(ostree({"cat", "--repo=" + repo, new_->hex(), "/large"}), noise(200'000, 1) + "new");
}

TEST_F(APublishedRepository, RemovesADelta) {
  ASSERT_TRUE(make_delta(web_.path(), *old_, *new_));
  ASSERT_TRUE(remove_delta(web_.path(), *old_, *new_));
  EXPECT_EQ(delta_bytes(web_.path(), *old_, *new_), 0U);
  EXPECT_TRUE(remove_delta(web_.path(), *old_, *new_));
}

TEST_F(APublishedRepository, GivesOneFileThatAMachineWithoutNetworkCanVerify) {
  const auto file = folder_.path() / "new.delta";
  const auto bytes = make_delta_file(web_.path(), *new_, file);
  ASSERT_TRUE(bytes) << bytes.error().message();
  EXPECT_EQ(fs::file_size(file), *bytes);
  const auto repo = machine();
  ostree({"static-delta", "apply-offline", "--repo=" + repo, file});
  EXPECT_EQ(ostree({"cat", "--repo=" + repo, new_->hex(), "/large"}), noise(200'000, 1) + "new");
  EXPECT_THAT(ostree({"show", "--repo=" + repo, "--gpg-verify-remote=web", new_->hex()}),
              HasSubstr("Good signature"));
  for (const auto& entry : fs::directory_iterator(folder_.path()))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".delta"));
}

TEST_F(APublishedRepository, ForgetsWhatNoRefNames) {
  ASSERT_TRUE(make_delta(web_.path(), *new_, *old_));
  ASSERT_TRUE(web_.set_ref("kept", *new_));
  EXPECT_GT(prune_published(web_).value(), 0U);
  EXPECT_TRUE(web_.verify(*new_));
  EXPECT_FALSE(web_.root_of(*old_));
  EXPECT_EQ(delta_bytes(web_.path(), *new_, *old_), 0U);
}

TEST_F(APublishedRepository, HasASummaryThatEveryKeySigned) {
  const auto second = SigningKey::development(runner_, keys_.path() / "second").value();
  ASSERT_TRUE(SigningKey::write_summary(web_.path(), std::array{key_, second}));
  ASSERT_TRUE(write_file(keyring_, second.public_key()));
  EXPECT_THAT(ostree({"remote", "summary", "--repo=" + machine(), "web"}),
              AllOf(HasSubstr("found 2 signatures"), HasSubstr("Good signature")));
}

}  // namespace
}  // namespace stratify::ostree
