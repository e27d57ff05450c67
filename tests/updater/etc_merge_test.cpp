// What of /etc will merge, with a real repository for the new version.
#include "updater/etc_merge.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::updater {
namespace {

namespace fs = std::filesystem;

class AnEtc : public testing::Test {
 protected:
  // The running version's defaults and /etc as it was installed with them.
  void SetUp() override {
    bring("ssh/sshd_config", "old");
    bring("hostname", "box");
  }

  void bring(const std::string& path, const std::string& text) {
    ASSERT_TRUE(write_file(folder.path() / "defaults" / path, text));
    ASSERT_TRUE(write_file(folder.path() / "etc" / path, text));
    coming[path] = text;
  }
  void change(const std::string& path, const std::string& text) {
    ASSERT_TRUE(write_file(folder.path() / "etc" / path, text));
  }

  EtcMerge foresee() {
    const auto repository =
        ostree::Repository::open_or_create(folder.path() / "repo", ostree::Sync::kNever).value();
    auto transaction = repository.begin().value();
    ostree::Tree tree;
    const auto attributes = transaction.write_folder({.mode = 0755}).value();
    EXPECT_TRUE(tree.set_folder("/", attributes));
    EXPECT_TRUE(tree.ensure_folder("/usr/etc", attributes));
    for (const auto& [path, text] : coming) {
      const auto at = fs::path("/usr/etc") / path;
      EXPECT_TRUE(tree.ensure_folder(at.parent_path().string(), attributes));
      EXPECT_TRUE(tree.replace_file(at.string(), transaction.write_file({}, text).value()));
    }
    const auto commit = transaction.write_commit(transaction.write_tree(tree).value(), {}).value();
    EXPECT_TRUE(transaction.commit());
    return foresee_etc_merge(folder.path() / "etc", folder.path() / "defaults", repository, commit).value();
  }

  std::map<std::string, std::string> coming;
  TemporaryFolder folder = TemporaryFolder::create(testing::TempDir()).value();
};

using Paths = std::vector<std::string>;

TEST_F(AnEtc, ThatNobodyChangedMerges) {
  coming["ssh/sshd_config"] = "new";
  coming["new/folder/file"] = "new";
  coming.erase("hostname");
  const auto merge = foresee();
  EXPECT_EQ(merge.clashes, Paths());
  EXPECT_EQ(merge.kept, Paths());
}

TEST_F(AnEtc, KeepsWhatItsOwnerChangedAndSaysSoWhereTheNewVersionDoesToo) {
  change("hostname", "mine");
  change("ssh/sshd_config", "mine");
  coming["ssh/sshd_config"] = "new";
  const auto merge = foresee();
  EXPECT_EQ(merge.clashes, Paths());
  EXPECT_EQ(merge.kept, Paths{"/etc/ssh/sshd_config"});
}

TEST_F(AnEtc, ClashesWhereTheOwnersFileIsAFolderInTheNewVersion) {
  change("caddy", "mine");
  coming["caddy/Caddyfile"] = "new";
  EXPECT_EQ(foresee().clashes, Paths{"/etc/caddy"});
}

TEST_F(AnEtc, ClashesOnceWhereTheOwnersFolderIsAFileInTheNewVersion) {
  change("caddy/Caddyfile", "mine");
  change("caddy/other", "mine");
  coming["caddy"] = "new";
  EXPECT_EQ(foresee().clashes, Paths{"/etc/caddy"});
}

TEST_F(AnEtc, DoesNotMindLinksThatLeadNowhere) {
  fs::create_symlink("/nowhere", folder.path() / "etc/dangling");
  EXPECT_EQ(foresee().clashes, Paths());
}

TEST_F(AnEtc, MayHoldFiftyThousandFiles) {
  for (int i = 0; i < 50'000; ++i)
    change("many/" + std::to_string(i % 100) + "/" + std::to_string(i), "mine");
  coming["many/7"] = "a file";
  EXPECT_EQ(foresee().clashes, Paths{"/etc/many/7"});
}

}  // namespace
}  // namespace stratify::updater
