#include "platform/btrfs.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify {
namespace {

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

}  // namespace
}  // namespace stratify
