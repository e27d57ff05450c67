#include "platform/btrfs.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify {
namespace {

namespace fs = std::filesystem;

class ASubvolume : public testing::Test {
 protected:
  TemporaryFolder folder_ = *TemporaryFolder::create(testing::TempDir());
  std::filesystem::path path_ = folder_.path() / "data";
};

TEST_F(ASubvolume, IsAFolderOnEveryFileSystem) {
  const auto made = make_subvolume(path_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_TRUE(std::filesystem::is_directory(path_));
  EXPECT_TRUE(is_subvolume(path_));
}

TEST_F(ASubvolume, ThatIsThereStaysAsItIs) {
  ASSERT_TRUE(make_subvolume(path_));
  ASSERT_TRUE(write_file(path_ / "kept", "x"));
  ASSERT_TRUE(make_subvolume(path_));
  EXPECT_TRUE(std::filesystem::exists(path_ / "kept"));
}

TEST_F(ASubvolume, NeedsItsParent) {
  EXPECT_EQ(make_subvolume(path_ / "deeper").error().category(), Category::kNotFound);
}

TEST_F(ASubvolume, ThatIsAPlainFolderHasNoSnapshot) {
  fs::create_directory(path_);
  EXPECT_EQ(snapshot(path_, folder_.path() / "copy").error().category(), Category::kInvalidInput);
  EXPECT_EQ(subvolume_id(path_).error().category(), Category::kInvalidInput);
  EXPECT_EQ(delete_subvolume(path_).error().category(), Category::kInvalidInput);
  EXPECT_TRUE(fs::exists(path_));
}

}  // namespace
}  // namespace stratify
