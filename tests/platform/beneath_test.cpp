#include "platform/beneath.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace stratify {
namespace {

namespace fs = std::filesystem;

class AFolderOfAStranger : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(root_.path() / "data/in/file", "content"));
    ASSERT_TRUE(write_file(root_.path() / "secret", "secret"));
    fs::create_symlink("../secret", root_.path() / "data/link");
    fs::create_symlink(root_.path() / "data/in", root_.path() / "data/way");
  }

  TemporaryFolder root_ = TemporaryFolder::create(fs::temp_directory_path()).value();
};

TEST_F(AFolderOfAStranger, GivesItsFiles) {
  EXPECT_EQ(read_file_beneath(root_.path(), "data/in/file", 100), "content");
  EXPECT_EQ(read_file_beneath(root_.path(), "/data/in/file", 100), "content");
}

TEST_F(AFolderOfAStranger, LeadsNowhereByALink) {
  EXPECT_FALSE(read_file_beneath(root_.path(), "data/link", 100));
  EXPECT_FALSE(read_file_beneath(root_.path(), "data/way/file", 100));
  EXPECT_FALSE(open_folder_beneath(root_.path(), "data/way"));
  EXPECT_FALSE(open_folder_beneath(root_.path() / "data", "../data/in"));
}

TEST_F(AFolderOfAStranger, KeepsNobodyWaitingAtAPipe) {
  ASSERT_EQ(::mkfifo((root_.path() / "data/pipe").c_str(), 0600), 0);
  const auto read = read_file_beneath(root_.path(), "data/pipe", 100);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category(), Category::kInvalidInput);
}

TEST_F(AFolderOfAStranger, IsWorkedInEvenWhenItIsMovedAway) {
  const auto folder = open_folder_beneath(root_.path(), "data/in");
  ASSERT_TRUE(folder);
  fs::rename(root_.path() / "data/in", root_.path() / "data/moved");
  fs::create_symlink(root_.path(), root_.path() / "data/in");
  ASSERT_TRUE(write_file(path_of(*folder) / "new", "x"));
  EXPECT_TRUE(fs::exists(root_.path() / "data/moved/new"));
}

}  // namespace
}  // namespace stratify
