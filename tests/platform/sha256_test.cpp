#include "platform/sha256.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "platform/file.hpp"

namespace stratify {
namespace {

TEST(Sha256, MatchesTheStandardsExample) {
  EXPECT_EQ(Sha256::of("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, CanOnlyBeSixtyFourLowerCaseDigits) {
  EXPECT_TRUE(Sha256::parse(std::string(64, 'a')));
  EXPECT_FALSE(Sha256::parse(std::string(64, 'A')));
  EXPECT_FALSE(Sha256::parse(std::string(63, 'a')));
}

// A file of `size` bytes, all hole but for "data" at each place.
void write_sparse_file(const std::filesystem::path& path, off_t size, std::initializer_list<off_t> places) {
  const auto fd = open_file(path, O_WRONLY | O_CREAT).value();
  ASSERT_EQ(::ftruncate(fd.get(), size), 0);
  for (const auto place : places) ASSERT_EQ(::pwrite(fd.get(), "data", 4, place), 4);
}

TEST(Sha256, OfAFileCountsItsHolesAsZeros) {
  constexpr off_t kSize = 5 << 20;
  const std::initializer_list<std::initializer_list<off_t>> shapes{{}, {0}, {2 << 20}, {0, kSize - 4}};
  const auto folder = TemporaryFolder::create(testing::TempDir()).value();
  for (const auto& places : shapes) {
    const auto file = folder.path() / ("file" + std::to_string(places.size()));
    write_sparse_file(file, kSize, places);
    EXPECT_EQ(Sha256::of_file(file), Sha256::of(read_file(file).value()));
  }
}

TEST(Sha256, OfAFileThatTellsNoSizeIsOfWhatItGives) {
  EXPECT_EQ(Sha256::of_file("/proc/version"), Sha256::of(read_file("/proc/version").value()));
}

TEST(Sha256Stream, TellsFieldsApart) {
  EXPECT_NE(Sha256Stream().field("ab").field("c").finish(), Sha256Stream().field("a").field("bc").finish());
}

}  // namespace
}  // namespace stratify
