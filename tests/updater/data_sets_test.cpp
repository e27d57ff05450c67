// Sets of snapshots on a real btrfs, on a loop device: built where one may mount (see CMakeLists.txt).
#include "updater/data_sets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/btrfs.hpp"
#include "platform/file.hpp"
#include "platform/process.hpp"

namespace stratify::updater {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kDay = 86400;

class DataOfServices : public testing::Test {
 protected:
  void SetUp() override {
    run({"truncate", "-s", "512M", image_});
    run({"mkfs.btrfs", "-q", image_});
    fs::create_directory(root_);
    run({"mount", "-o", "loop", image_, root_});
    fs::create_directories(data() / "radicale");
    make_subvolume(data() / "webdav").value();
    make_subvolume(data() / "radicale/collections").value();
    write(kFirst);
  }
  void TearDown() override { run({"umount", root_}); }

  void run(std::vector<std::string> command) {
    const auto done = run_checked(runner_, {.arguments = std::move(command)});
    ASSERT_TRUE(done) << done.error().message();
  }
  fs::path data() const { return root_ / kDataFolder; }
  fs::path in_set(const std::string& name, const std::string& path) const {
    return root_ / kSetsFolder / name / "data" / path;
  }
  void write(const std::string& text) {
    for (const auto* file : {"webdav/note", "radicale/collections/note"})
      ASSERT_TRUE(write_file(data() / file, text));
  }
  // What both services would read; one answer only when they agree.
  std::string read() const {
    const auto one = read_file(data() / "webdav/note").value_or("none");
    const auto other = read_file(data() / "radicale/collections/note").value_or("none");
    return one == other ? one : one + " and " + other;
  }
  std::vector<std::string> names() const {
    const auto sets = sets_.list().value();
    std::vector<std::string> all;
    for (const auto& set : sets) all.push_back(set.name);
    return all;
  }

  static constexpr const char* kFirst = "first";
  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "sets").value();
  RealProcessRunner runner_;
  fs::path image_ = folder_.path() / "image";
  fs::path root_ = folder_.path() / "root";
  DataSets sets_{folder_.path() / "root"};
};

TEST_F(DataOfServices, IsKeptAsItWas) {
  ASSERT_TRUE(sets_.take("before-2", "2.0", kNow));
  write("second");
  EXPECT_EQ(read_file(in_set("before-2", "webdav/note")), kFirst);
  EXPECT_FALSE(write_file(in_set("before-2", "webdav/note"), "changed"));
  const auto all = sets_.list().value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].subvolumes, testing::UnorderedElementsAre("radicale/collections", "webdav"));
}

TEST_F(DataOfServices, IsTakenBackAndWhatItHadBecomeIsKept) {
  ASSERT_TRUE(sets_.take("before-2", "2.0", kNow));
  write("second");
  ASSERT_TRUE(write_file(data() / "webdav/new", "new"));
  const auto done = sets_.take_back("before-2", "before-2-failed", "2.0", kNow);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(read(), kFirst);
  EXPECT_FALSE(fs::exists(data() / "webdav/new"));
  EXPECT_EQ(read_file(in_set("before-2-failed", "webdav/note")), "second");
  EXPECT_EQ(read_file(in_set("before-2-failed", "webdav/new")), "new");
  EXPECT_TRUE(write_file(data() / "webdav/note", "it may be written"));
}

TEST_F(DataOfServices, IsTakenBackOnlyOnceHoweverOftenThatIsDone) {
  ASSERT_TRUE(sets_.take("before-2", "2.0", kNow));
  write("second");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(sets_.take_back("before-2", "before-2-failed", "2.0", kNow));
  EXPECT_EQ(read(), kFirst);
  EXPECT_EQ(read_file(in_set("before-2-failed", "webdav/note")), "second");
  EXPECT_THAT(names(), ElementsAre("before-2", "before-2-failed"));
}

TEST_F(DataOfServices, IsNotTakenBackFromASetThatIsNotComplete) {
  ASSERT_TRUE(sets_.take("before-2", "2.0", kNow));
  fs::remove(root_ / kSetsFolder / "before-2/set.json");
  write("second");
  EXPECT_FALSE(sets_.take_back("before-2", "before-2-failed", "2.0", kNow));
  EXPECT_EQ(read(), "second");
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DataOfServices, IsSnapshottedAnewWhenAnAttemptWasInterrupted) {
  fs::create_directories(in_set("before-2", "webdav"));
  ASSERT_TRUE(sets_.take("before-2", "2.0", kNow));
  EXPECT_EQ(read_file(in_set("before-2", "webdav/note")), kFirst);
}

TEST_F(DataOfServices, ThatIsNoFolderOfAServiceKeepsAnUpdateFromBeginning) {
  ASSERT_TRUE(write_file(data() / "stray", "a person put it here"));
  const auto done = sets_.take("before-2", "2.0", kNow);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().category(), Category::kInvalidInput);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DataOfServices, KeepsFewSetsAndNoneForEver) {
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(sets_.take("before-" + std::to_string(i), "x", kNow + i));
  ASSERT_TRUE(
      sets_.tidy({"before-1"}, kNow + 10, {.number = 2, .age = std::chrono::days(30), .free_percent = 0}));
  EXPECT_THAT(names(), ElementsAre("before-1", "before-4", "before-5"));
  ASSERT_TRUE(
      sets_.tidy({}, kNow + 31 * kDay, {.number = 2, .age = std::chrono::days(30), .free_percent = 0}));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DataOfServices, GivesItsOldSetsUpWhenRoomIsWanted) {
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(sets_.take("before-" + std::to_string(i), "x", kNow + i));
  ASSERT_TRUE(
      sets_.tidy({"before-2"}, kNow + 10, {.number = 5, .age = std::chrono::days(30), .free_percent = 100}));
  EXPECT_THAT(names(), ElementsAre("before-2"));
}

TEST_F(DataOfServices, OfAFailedVersionIsDeletedByItsOwnerAlone) {
  ASSERT_TRUE(sets_.take("before-2", "2.0", kNow));
  ASSERT_TRUE(sets_.take_back("before-2", "before-2-failed", "2.0", kNow));
  ASSERT_TRUE(
      sets_.tidy({}, kNow + 400 * kDay, {.number = 0, .age = std::chrono::days(1), .free_percent = 100}));
  EXPECT_THAT(names(), ElementsAre("before-2-failed"));
  ASSERT_TRUE(sets_.discard("before-2-failed"));
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace stratify::updater
