// What needs a file system of its own, on a loop device: built where one may mount (see CMakeLists.txt).
#include <gtest/gtest.h>

#include "platform/boot_environment.hpp"
#include "platform/btrfs.hpp"
#include "platform/file.hpp"
#include "platform/process.hpp"

namespace stratify {
namespace {

namespace fs = std::filesystem;

class AMountedFileSystem : public testing::Test {
 protected:
  void mount(const std::string& maker) {
    run({"truncate", "-s", "128M", image_});
    run({maker, "-q", image_});
    fs::create_directory(mounted_);
    run({"mount", "-o", "loop", image_, mounted_});
  }
  void TearDown() override { run({"umount", mounted_}); }
  void run(std::vector<std::string> command) {
    const auto done = run_checked(runner_, {.arguments = std::move(command)});
    ASSERT_TRUE(done) << done.error().message();
  }
  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "mounted").value();
  RealProcessRunner runner_;
  fs::path image_ = folder_.path() / "image";
  fs::path mounted_ = folder_.path() / "mounted";
};

// As /boot has it.
class ACheckpoint : public AMountedFileSystem {
 protected:
  void SetUp() override { mount("mkfs.ext4"); }
  // Who writes to a frozen file system waits for ever, so nobody here tries.
  bool was_frozen() {
    const auto thawed = runner_.run({.arguments = {"fsfreeze", "--unfreeze", mounted_}});
    return thawed && thawed->exit_code == 0;
  }
};

TEST_F(ACheckpoint, PutsEverythingWhereALoaderWithoutTheJournalFindsIt) {
  ASSERT_TRUE(write_file_durably(mounted_ / "menu", "new"));
  const auto done = checkpoint_for_boot_loader(mounted_);
  ASSERT_TRUE(done) << done.error().message();
  // debugfs reads the device as GRUB does.
  run({"cp", image_, folder_.path() / "copy"});
  EXPECT_EQ(run_checked(runner_, {.arguments = {"debugfs", "-R", "cat /menu", folder_.path() / "copy"}}),
            "new");
}

TEST_F(ACheckpoint, LeavesTheFileSystemWritable) {
  EXPECT_TRUE(checkpoint_for_boot_loader(mounted_));
  EXPECT_FALSE(was_frozen());
}

TEST_F(ACheckpoint, ThawsWhatSomebodyKilledLeftFrozen) {
  run({"fsfreeze", "--freeze", mounted_});
  EXPECT_TRUE(checkpoint_for_boot_loader(mounted_));
  EXPECT_FALSE(was_frozen());
}

class ABtrfsSubvolume : public AMountedFileSystem {
 protected:
  void SetUp() override {
    mount("mkfs.btrfs");
    make_subvolume(data_).value();
    write_file(data_ / "note", "before").value();
  }
  fs::path data_ = mounted_ / "data";
  fs::path copy_ = mounted_ / "copy";
};

TEST_F(ABtrfsSubvolume, HasASnapshotOfOneMoment) {
  const auto taken = snapshot(data_, copy_, {.read_only = true});
  ASSERT_TRUE(taken) << taken.error().message();
  ASSERT_TRUE(write_file(data_ / "note", "after"));
  EXPECT_EQ(read_file(copy_ / "note"), "before");
  EXPECT_FALSE(write_file(copy_ / "note", "changed"));
  EXPECT_TRUE(is_subvolume(copy_).value());
}

TEST_F(ABtrfsSubvolume, HasASnapshotThatMayBeWritten) {
  ASSERT_TRUE(snapshot(data_, copy_));
  ASSERT_TRUE(write_file(copy_ / "note", "changed"));
  EXPECT_EQ(read_file(data_ / "note"), "before");
}

TEST_F(ABtrfsSubvolume, IsNotCopiedIntoOrOverWhatIsThere) {
  fs::create_directory(copy_);
  EXPECT_EQ(snapshot(data_, copy_).error().category(), Category::kConflict);
  EXPECT_TRUE(fs::is_empty(copy_));
}

TEST_F(ABtrfsSubvolume, HasANumberOfItsOwn) {
  ASSERT_TRUE(snapshot(data_, copy_));
  EXPECT_NE(subvolume_id(data_).value(), subvolume_id(copy_).value());
}

TEST_F(ABtrfsSubvolume, IsDeletedEvenWhenItIsReadOnly) {
  ASSERT_TRUE(snapshot(data_, copy_, {.read_only = true}));
  const auto deleted = delete_subvolume(copy_);
  ASSERT_TRUE(deleted) << deleted.error().message();
  EXPECT_FALSE(fs::exists(copy_));
  EXPECT_TRUE(delete_subvolume(copy_));
}

TEST_F(ABtrfsSubvolume, IsNotDeletedThroughALink) {
  fs::create_directory_symlink(data_, copy_);
  EXPECT_FALSE(delete_subvolume(copy_));
  EXPECT_TRUE(fs::exists(data_ / "note"));
}

TEST_F(ABtrfsSubvolume, ChangesPlacesWithASnapshot) {
  ASSERT_TRUE(snapshot(data_, copy_));
  ASSERT_TRUE(write_file(data_ / "note", "after"));
  const auto swapped = exchange(data_, copy_);
  ASSERT_TRUE(swapped) << swapped.error().message();
  EXPECT_EQ(read_file(data_ / "note"), "before");
  EXPECT_EQ(read_file(copy_ / "note"), "after");
  EXPECT_EQ(exchange(data_, mounted_ / "nothing").error().category(), Category::kNotFound);
}

TEST_F(ABtrfsSubvolume, IsFlushedWithItsFileSystem) {
  EXPECT_TRUE(sync_file_system(data_));
  EXPECT_TRUE(sync_file_system(folder_.path()));
}

}  // namespace
}  // namespace stratify
