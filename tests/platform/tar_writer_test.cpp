// A folder as a stream, read back by the reader of archives.
#include "platform/tar_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "platform/archive.hpp"
#include "platform/file.hpp"

namespace stratify {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Pair;

class AFolder : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(data_ / "files/owner");
    ASSERT_TRUE(write_file(data_ / "files/owner/note.txt", "kept"));
    fs::create_symlink("note.txt", data_ / "files/owner/link");
  }

  std::string archived() const {
    std::string bytes;
    const auto done = write_tar(data_, [&](std::string_view piece) {
      bytes += piece;
      return true;
    });
    EXPECT_TRUE(done) << done.error().message();
    return bytes;
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  fs::path data_ = folder_.path() / "data";
};

std::map<std::string, std::string> members_of(const std::string& bytes) {
  MemorySource source(bytes);
  auto reader = TarReader::create(source).value();
  std::map<std::string, std::string> members;
  while (auto member = reader.next().value()) {
    auto& content = members[member->path];
    content = member->target;
    for (auto piece = reader.read().value(); !piece.empty(); piece = reader.read().value()) content += piece;
  }
  return members;
}

TEST_F(AFolder, IsArchivedUnderItsOwnName) {
  EXPECT_THAT(
      members_of(archived()),
      ElementsAre(Pair("data/", ""), Pair("data/files/", ""), Pair("data/files/owner/", ""),
                  Pair("data/files/owner/link", "note.txt"), Pair("data/files/owner/note.txt", "kept")));
}

TEST_F(AFolder, KeepsTheHolesOfItsFilesAsZeros) {
  ASSERT_TRUE(write_file(data_ / "sparse", "begin"));
  ASSERT_EQ(::truncate((data_ / "sparse").c_str(), 1 << 20), 0);
  EXPECT_EQ(members_of(archived()).at("data/sparse").substr(0, 6), std::string("begin\0", 6));
  EXPECT_EQ(members_of(archived()).at("data/sparse").size(), 1U << 20U);
}

TEST_F(AFolder, IsNotReadOnWhenNobodyWantsMore) {
  int pieces = 0;
  const auto done = write_tar(data_, [&](std::string_view) { return ++pieces < 1; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().category(), Category::kUnavailable);
  EXPECT_EQ(pieces, 1);
}

TEST_F(AFolder, ThatIsMissingIsAnError) {
  const auto done = write_tar(folder_.path() / "absent", [](std::string_view) { return true; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().category(), Category::kNotFound);
}

}  // namespace
}  // namespace stratify
