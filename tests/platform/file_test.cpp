#include "platform/file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace stratify {
namespace {

class AFolder : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  std::filesystem::path file_ = folder_.path() / "deep" / "file";
};

TEST_F(AFolder, GivesBackWhatWasWrittenDurably) {
  ASSERT_TRUE(write_file_durably(file_, "old"));
  ASSERT_TRUE(write_file_durably(file_, "new", 0600));
  EXPECT_EQ(read_file(file_), "new");
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AFolder, HoldsNoTemporaryFileAfterAFailedWrite) {
  ASSERT_TRUE(make_folders(file_ / "in-the-way"));
  EXPECT_FALSE(write_file(file_, "x"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file_.parent_path()), {}), 1);
}

TEST_F(AFolder, RefusesAFileLargerThanTheLimit) {
  ASSERT_TRUE(write_file(file_, "12345"));
  EXPECT_EQ(read_file(file_, 5), "12345");
  EXPECT_EQ(read_file(file_, 4).error().category(), Category::kInvalidInput);
}

TEST_F(AFolder, NamesTheFileThatIsMissing) {
  const auto missing = read_file(folder_.path() / "absent");
  EXPECT_EQ(missing.error().category(), Category::kNotFound);
  EXPECT_NE(missing.error().message().find("absent"), std::string::npos);
}

}  // namespace
}  // namespace stratify
