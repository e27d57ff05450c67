#include <gtest/gtest.h>

#include <filesystem>

#include "image/disk/filesystems.hpp"
#include "platform/file.hpp"

namespace stratify::image {
namespace {

constexpr std::uint64_t kBlock = 4096;

class AFileWithAHole : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(file_, std::string(kBlock, 'a')));
    std::filesystem::resize_file(file_, 3 * kBlock);
    ASSERT_TRUE(write_file(part_, std::string(kBlock, 'b')));
  }
  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "shift-test").value();
  std::filesystem::path file_ = folder_.path() / "file";
  std::filesystem::path part_ = folder_.path() / "part";
  std::string expected_ =
      std::string(kBlock, '\0') + std::string(kBlock, 'a') + std::string(2 * kBlock, '\0');
};

TEST_F(AFileWithAHole, IsShifted) {
  ASSERT_TRUE(shift(file_, kBlock));
  EXPECT_EQ(read_file(file_), expected_);
}

TEST_F(AFileWithAHole, IsShiftedByCopyingWhereTheFileSystemCannotInsert) {
  ASSERT_TRUE(shift_by_copying(file_, kBlock));
  EXPECT_EQ(read_file(file_), expected_);
}

TEST_F(AFileWithAHole, TakesInAnotherFile) {
  ASSERT_TRUE(copy_into(file_, 2 * kBlock, part_));
  EXPECT_EQ(read_file(file_).value().substr(2 * kBlock), std::string(kBlock, 'b'));
}

TEST_F(AFileWithAHole, TakesInAFileOfAnotherFileSystem) {
  const auto memory = TemporaryFolder::create("/run", "shift-test").value();
  ASSERT_TRUE(write_file(memory.path() / "part", "c"));
  ASSERT_TRUE(copy_into(file_, kBlock, memory.path() / "part"));
  EXPECT_EQ(read_file(file_).value()[kBlock], 'c');
}

}  // namespace
}  // namespace stratify::image
