#include "platform/boot_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "platform/file.hpp"
#include "platform/process.hpp"

namespace stratify {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

std::string block_of(std::string text) {
  text.insert(0, "# GRUB Environment Block\n");
  text.resize(1024, '#');
  return text;
}

BootEnvironment environment(const std::string& text) {
  return BootEnvironment::parse(block_of(text)).value();
}

TEST(AnEnvironmentBlock, IsReadAsGrubWritesIt) {
  const auto read = environment("haven_trial=abc.0\nhaven_tries=3\nsaved_entry=\n");
  EXPECT_EQ(read.get("haven_trial"), "abc.0");
  EXPECT_EQ(read.get("saved_entry"), "");
  EXPECT_EQ(read.get("other"), std::nullopt);
}

TEST(AnEnvironmentBlock, MayHaveCommentsBetween) {
  const auto read = environment("# written by = \\\na=1\n#b=2\nc=3\n");
  EXPECT_EQ(read.get("a"), "1");
  EXPECT_EQ(read.get("b"), std::nullopt);
  EXPECT_EQ(read.get("c"), "3");
}

TEST(AnEnvironmentBlock, KeepsNewlinesAndBackslashesOfAValue) {
  BootEnvironment written;
  written.set("path", "a\\b\nc");
  const auto block = written.render().value();
  EXPECT_THAT(block, HasSubstr("path=a\\\\b\\\nc\n"));
  EXPECT_EQ(BootEnvironment::parse(block)->get("path"), "a\\b\nc");
}

TEST(AnEnvironmentBlock, HasExactlyTheSizeThatGrubWants) {
  EXPECT_EQ(BootEnvironment().render(), block_of(""));
  auto read = environment("a=1\n");
  read.set("a", "22");
  EXPECT_EQ(read.render(), block_of("a=22\n"));
}

TEST(AnEnvironmentBlock, HasOurVariablesInItsFirstSector) {
  auto read = environment("other=" + std::string(400, 'x') + "\n");
  read.set("haven_tries", "3");
  read.set("haven_trial", "abc.0");
  const auto block = read.render().value();
  EXPECT_THAT(block, StartsWith("# GRUB Environment Block\nhaven_trial=abc.0\nhaven_tries=3\nother=x"));
  read.set("haven_trial", std::string(480, 'y'));
  EXPECT_EQ(read.render().error().category(), Category::kNoSpace);
}

TEST(AnEnvironmentBlock, ThatDoesNotFitIsRefused) {
  BootEnvironment large;
  large.set("other", std::string(1000, 'x'));
  EXPECT_EQ(large.render().error().category(), Category::kNoSpace);
}

TEST(AnEnvironmentBlock, ForgetsWhatIsUnset) {
  auto read = environment("haven_trial=x\nhaven_tries=1\n");
  read.unset("haven_trial");
  read.unset("never");
  EXPECT_EQ(read.render(), block_of("haven_tries=1\n"));
}

TEST(AnEnvironmentBlock, WithoutTheEndOfALineHasNotThatLine) {
  std::string cut = "a=1\nb=";
  cut.resize(1024 - 25, 'x');
  EXPECT_EQ(environment(cut).get("a"), "1");
  EXPECT_EQ(environment(cut).get("b"), std::nullopt);
}

// What GRUB does not see, nobody may see.
TEST(AnEnvironmentBlock, HasNoVariableBehindALineWithoutOne) {
  EXPECT_EQ(environment("junk\nhaven_trial=x\n").get("haven_trial"), std::nullopt);
}

TEST(AnEnvironmentBlock, HasNoEscapesInNames) {
  const auto read = environment("a\\\\b=1\n");
  EXPECT_EQ(read.get("a\\\\b"), "1");
  EXPECT_EQ(BootEnvironment::parse(read.render().value()), read);
}

TEST(AnEnvironmentBlock, ThatIsDamagedIsNoneAtAll) {
  for (const auto& bytes :
       {std::string(), std::string(1024, '\0'), block_of("") + "#", block_of("").substr(1)}) {
    const auto read = BootEnvironment::parse(bytes);
    ASSERT_FALSE(read) << bytes.size();
    EXPECT_EQ(read.error().category(), Category::kInvalidInput);
  }
}

class AnEnvironmentFile : public testing::Test {
 protected:
  ino_t inode() const {
    struct stat about{};
    EXPECT_EQ(::stat(file_.c_str(), &about), 0);
    return about.st_ino;
  }
  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "grubenv").value();
  fs::path file_ = folder_.path() / "grubenv";
  BootEnvironment three_tries_ = environment("haven_tries=3\n");
};

TEST_F(AnEnvironmentFile, IsWrittenInPlaceSoThatGrubFindsItsBlocks) {
  ASSERT_TRUE(write_file(file_, block_of("old=1\n")));
  const auto before = inode();
  ASSERT_TRUE(write_boot_environment(file_, three_tries_));
  EXPECT_EQ(inode(), before);
  EXPECT_EQ(read_boot_environment(file_), three_tries_);
}

TEST_F(AnEnvironmentFile, IsMadeAnewWhenItHasAnotherSize) {
  for (const auto* content : {"", "short"}) {
    ASSERT_TRUE(write_file(file_, content));
    EXPECT_EQ(read_boot_environment(file_).error().category(), Category::kInvalidInput);
    ASSERT_TRUE(write_boot_environment(file_, three_tries_));
    EXPECT_EQ(read_file(file_), block_of("haven_tries=3\n"));
  }
}

TEST_F(AnEnvironmentFile, IsMadeWhereThereIsNone) {
  EXPECT_EQ(read_boot_environment(file_).error().category(), Category::kNotFound);
  ASSERT_TRUE(write_boot_environment(file_, three_tries_));
  EXPECT_EQ(read_boot_environment(file_), three_tries_);
}

TEST_F(AnEnvironmentFile, ThatIsALinkIsReplacedAndItsTargetLeftAlone) {
  ASSERT_TRUE(write_file(folder_.path() / "target", block_of("")));
  fs::create_symlink("target", file_);
  ASSERT_TRUE(write_boot_environment(file_, three_tries_));
  EXPECT_FALSE(fs::is_symlink(file_));
  EXPECT_EQ(read_file(folder_.path() / "target"), block_of(""));
}

TEST_F(AnEnvironmentFile, IsUnderstoodByGrubsOwnTool) {
  RealProcessRunner runner;
  three_tries_.set("odd", "a\\b");
  ASSERT_TRUE(write_boot_environment(file_, three_tries_));
  EXPECT_EQ(run_checked(runner, {.arguments = {"grub-editenv", file_, "list"}}), "haven_tries=3\nodd=a\\b\n");
  ASSERT_TRUE(run_checked(runner, {.arguments = {"grub-editenv", file_, "set", "haven_tries=2"}}));
  EXPECT_EQ(read_boot_environment(file_)->get("haven_tries"), "2");
}

TEST(ACheckpointOfAFileSystemInMemory, IsNoError) { EXPECT_TRUE(checkpoint_for_boot_loader("/run")); }

}  // namespace
}  // namespace stratify
