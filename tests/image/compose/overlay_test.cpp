#include "image/compose/overlay.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace stratify::image {
namespace {

namespace fs = std::filesystem;

// A tree of a few files, checked out below an overlay that a test changes as a maintainer script would.
class ATreeUnderAnOverlay : public testing::Test {
 protected:
  void SetUp() override {
    auto transaction = repository_.begin().value();
    const auto folder = transaction.write_folder({.mode = 0755}).value();
    ASSERT_TRUE(tree_.set_folder("/", folder));
    for (const auto* path : {"/etc/passwd", "/gone/a", "/kept/b"}) {
      ASSERT_TRUE(tree_.ensure_folder(fs::path(path).parent_path().string(), folder));
      ASSERT_TRUE(tree_.replace_file(path, transaction.write_file({}, path).value()));
    }
    const auto commit = transaction.write_commit(transaction.write_tree(tree_).value(), {}).value();
    ASSERT_TRUE(transaction.commit());
    ASSERT_TRUE(repository_.checkout(commit, folder_.path() / "lower"));
    overlay_.emplace(Overlay::mount(folder_.path() / "lower", folder_.path()).value());
  }

  void write(const std::string& path, const std::string& text) {
    std::ofstream(overlay_->merged() / path, std::ios::binary) << text;
  }

  void apply(const ChangeOptions& options = {}) {
    auto transaction = repository_.begin().value();
    const auto applied = apply_changes(transaction, tree_, overlay_->upper(), options);
    ASSERT_TRUE(applied) << applied.error().message();
    ASSERT_TRUE(transaction.commit());
  }

  std::optional<std::string> content(const std::string& path) {
    const auto found = tree_.find(path).value();
    return found ? std::optional(repository_.read_object(found->checksum).value()) : std::nullopt;
  }

  // On the disk of the output folder: an overlay cannot lie on another overlay, as /tmp may.
  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp").value();
  ostree::Repository repository_ = ostree::Repository::open_or_create(folder_.path() / "repo").value();
  ostree::Tree tree_;
  std::optional<Overlay> overlay_;
};

TEST_F(ATreeUnderAnOverlay, TakesNewAndChangedFiles) {
  write("kept/b", "changed");
  write("kept/new", "new");
  apply();
  EXPECT_EQ(content("/kept/b"), "changed");
  EXPECT_EQ(content("/kept/new"), "new");
}

TEST_F(ATreeUnderAnOverlay, LosesWhatScriptsRemove) {
  fs::remove_all(overlay_->merged() / "gone");
  apply();
  EXPECT_FALSE(tree_.find("/gone").value());
}

TEST_F(ATreeUnderAnOverlay, ForgetsTheOldContentOfAFolderThatWasMadeAnew) {
  fs::remove_all(overlay_->merged() / "gone");
  fs::create_directory(overlay_->merged() / "gone");
  write("gone/c", "c");
  apply();
  EXPECT_EQ(tree_.names("/gone").value(), std::vector<std::string>{"c"});
}

TEST_F(ATreeUnderAnOverlay, LetsAFileTakeThePlaceOfAFolder) {
  fs::remove_all(overlay_->merged() / "gone");
  write("gone", "a file now");
  apply();
  EXPECT_EQ(content("/gone"), "a file now");
}

TEST_F(ATreeUnderAnOverlay, LeavesTheObjectsOfTheRepositoryAlone) {
  write("kept/b", "changed");
  std::ifstream lower(folder_.path() / "lower/kept/b");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(lower), {}), "/kept/b");
}

TEST_F(ATreeUnderAnOverlay, KeepsOutWhatItIsToldTo) {
  write("kept/log", "x");
  apply({.keep = [](std::string_view path) { return path != "/kept/log"; }});
  EXPECT_FALSE(tree_.find("/kept/log").value());
}

TEST_F(ATreeUnderAnOverlay, GivesFixedNumbersToFilesAndUsers) {
  write("etc/passwd", "x:x:101:0:::\n");
  write("kept/owned", "");
  ASSERT_EQ(::chown((overlay_->merged() / "kept/owned").c_str(), 101, 0), 0);
  apply({.ids = Renumbering::plan({.users = {{"x", 994}}}, "x:x:101:0:::\n", "").value()});
  EXPECT_EQ(content("/etc/passwd"), "x:x:994:0:::\n");
  EXPECT_EQ(repository_.describe(tree_.find("/kept/owned").value()->checksum)->attributes.uid, 994U);
}

TEST_F(ATreeUnderAnOverlay, TrustsByteCodeWithoutLookingAtItsSource) {
  write("kept/m.pyc", std::string("\xf3\x0d\x0d\x0a\x03\0\0\0", 8) + "hashhash" + "code");
  apply();
  EXPECT_EQ(content("/kept/m.pyc"), std::string("\xf3\x0d\x0d\x0a\x01\0\0\0", 8) + "hashhash" + "code");
}

TEST_F(ATreeUnderAnOverlay, RefusesASocketOrPipe) {
  ASSERT_EQ(::mkfifo((overlay_->merged() / "kept/pipe").c_str(), 0600), 0);
  auto transaction = repository_.begin().value();
  EXPECT_EQ(apply_changes(transaction, tree_, overlay_->upper()).error().message(),
            "/kept/pipe: cannot commit: a maintainer script left a socket, pipe or device there");
}

}  // namespace
}  // namespace stratify::image
