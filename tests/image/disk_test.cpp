#include "image/disk/disk.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "image/disk/grub.hpp"
#include "image/disk/images.hpp"
#include "platform/file.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {
namespace {

namespace fs = std::filesystem;

constexpr DiskLayout kSmallDisk{.size_mib = 256, .esp_mib = 34, .boot_mib = 16};

// A repository with one commit that has just what libostree needs to deploy it.
Result<Sha256> commit_small_system(const fs::path& path) {
  const auto repository = TRY(ostree::Repository::open_or_create(path, ostree::Sync::kNever));
  auto transaction = TRY(repository.begin());
  ostree::Tree tree;
  const auto folder = TRY(transaction.write_folder({.mode = 0755}));
  const auto add = [&](std::string_view file, std::string_view content) -> Result<void> {
    TRY(tree.ensure_folder(fs::path(file).parent_path().string(), folder));
    return tree.replace_file(file, TRY(transaction.write_file({.mode = 0644}, content)));
  };
  TRY(tree.set_folder("/", folder));
  TRY(add("/usr/lib/os-release", "PRETTY_NAME=\"OpenHaven\"\n"));
  TRY(add("/usr/lib/modules/6.0/vmlinuz", "kernel"));
  TRY(add("/usr/lib/modules/6.0/initramfs.img", "initramfs"));
  TRY(add("/usr/etc/hostname", "haven\n"));
  for (const auto* name : {"/boot", "/dev", "/proc", "/run", "/sys", "/sysroot", "/var"})
    TRY(tree.set_folder(name, folder));
  const auto commit =
      TRY(transaction.write_commit(TRY(transaction.write_tree(tree)), {.timestamp = 1700000000}));
  TRY(transaction.commit());
  return commit;
}

// Written once for all its tests, which only read it.
class ADiskOfASmallCommit : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_.emplace(TemporaryFolder::create("out/tmp", "disk-test").value());
    const auto commit = commit_small_system(folder_->path() / "repo");
    ASSERT_TRUE(commit) << commit.error().message();
    options_ = {.repository = folder_->path() / "repo",
                .commit = *commit,
                .ref = "openhaven/amd64/core",
                .kernel_arguments = {"rw"},
                .layout = kSmallDisk,
                .output = folder_->path() / "disk.raw",
                .work = folder_->path() / "work",
                .boot_menu = BOOT_MENU_PROGRAM};
    const auto disk = write_disk(runner_, options_);
    ASSERT_TRUE(disk) << disk.error().message();
    disk_ = *disk;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  std::string run(std::vector<std::string> arguments) {
    const auto output = runner_.run({.arguments = std::move(arguments)});
    return output ? output->out + output->err : output.error().message();
  }

  std::string place_of(const Partition& partition) const {
    return options_.output.string() + "@@" + std::to_string(partition.offset);
  }

  // The output of a debugfs(8) request on /boot.
  std::string on_boot(const std::string& request) {
    return run({"debugfs", "-R", request,
                options_.output.string() + "?offset=" + std::to_string(disk_.layout.boot.offset)});
  }

  // The root, as a file of its own.
  fs::path root() {
    const auto file = folder_->path() / "root.btrfs";
    run({"dd", "if=" + options_.output.string(), "of=" + file.string(), "bs=1M", "conv=sparse",
         "skip=" + std::to_string(disk_.layout.root.offset / kMebibyte),
         "count=" + std::to_string(disk_.layout.root.size / kMebibyte)});
    return file;
  }

  static inline std::optional<TemporaryFolder> folder_;
  static inline RealProcessRunner runner_;
  static inline DiskOptions options_{.commit = Sha256::of("")};
  static inline Disk disk_;
};

TEST_F(ADiskOfASmallCommit, HasAPartitionTableWithoutFault) {
  const auto verdict = run({"sgdisk", "--verify", options_.output});
  EXPECT_NE(verdict.find("No problems found"), std::string::npos) << verdict;
  const auto table = run({"sgdisk", "--print", options_.output});
  for (const auto* row :
       {"EF02  openhaven-bios", "EF00  openhaven-esp", "EA00  openhaven-boot", "8304  openhaven-root"}) {
    EXPECT_NE(table.find(row), std::string::npos) << table;
  }
}

TEST_F(ADiskOfASmallCommit, StartsOnBiosFromItsBootSector) {
  const auto disk = read_file(options_.output, 512U << 20U).value();
  const auto sector = static_cast<std::size_t>(static_cast<unsigned char>(disk[0x5c]) |
                                               static_cast<unsigned char>(disk[0x5d]) << 8U);
  EXPECT_EQ(sector * kSector, disk_.layout.bios.offset);
  EXPECT_EQ(disk.substr(510, 2), "\x55\xaa");
  EXPECT_NE(disk.substr(disk_.layout.bios.offset, kSector), std::string(kSector, '\0'));
}

TEST_F(ADiskOfASmallCommit, StartsOnUefiFromTheEsp) {
  const auto listing = run({"mdir", "-/", "-b", "-i", place_of(disk_.layout.esp), "::"});
  EXPECT_NE(listing.find("EFI/BOOT/BOOTX64.EFI"), std::string::npos) << listing;
}

TEST_F(ADiskOfASmallCommit, HoldsKernelMenuAndEnvironmentOnBoot) {
  EXPECT_NE(on_boot("ls -p /ostree").find("openhaven-"), std::string::npos);
  EXPECT_EQ(on_boot("cat /grub2/grubenv").substr(0, 1024), empty_environment());
  const auto menu = on_boot("cat /loader.1/grub.cfg");
  EXPECT_NE(menu.find("set haven_first='" + options_.commit.hex() + ".0'"), std::string::npos) << menu;
  EXPECT_NE(menu.find("'root=LABEL=openhaven-root' 'rootflags=noatime,compress=zstd:1' 'rw'"),
            std::string::npos)
      << menu;
}

TEST_F(ADiskOfASmallCommit, HoldsTheDeploymentOnTheRoot) {
  const auto image = root();
  EXPECT_NE(run({"btrfs", "inspect-internal", "dump-super", image}).find("openhaven-root"),
            std::string::npos);
  const auto restored = folder_->path() / "restored";
  ASSERT_TRUE(make_folders(restored));
  run({"btrfs", "restore", image, restored});
  EXPECT_EQ(read_file(restored / "ostree/deploy/openhaven/deploy" / disk_.deployment / "etc/hostname"),
            "haven\n");
  const auto trees = run({"btrfs", "inspect-internal", "dump-tree", "-t", "root", image});
  EXPECT_NE(trees.find("root backref key dirid"), std::string::npos) << trees;  // of the subvolume /var
}

TEST_F(ADiskOfASmallCommit, LeavesNothingBesideIt) {
  EXPECT_FALSE(fs::exists(options_.work / "sysroot"));
  EXPECT_FALSE(fs::exists(options_.output.string() + ".part"));
}

TEST_F(ADiskOfASmallCommit, IsSparse) {
  struct stat status{};
  ASSERT_EQ(::stat(options_.output.c_str(), &status), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), kSmallDisk.size_mib * kMebibyte);
  EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512, 32 * kMebibyte);
}

TEST_F(ADiskOfASmallCommit, IsPublishedWithManifestAndChecksumsAndNotMadeTwice) {
  const ImagesOptions options{
      .disk = options_, .folder = folder_->path() / "images", .name = "openhaven-1-amd64", .version = "1"};
  const auto first = make_images(runner_, options);
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_FALSE(first->cached);
  const auto checked =
      runner_.run({.arguments = {"sha256sum", "--check", "SHA256SUMS"}, .folder = options.folder});
  EXPECT_EQ(checked->exit_code, 0) << checked->out;
  EXPECT_EQ(std::ranges::count(checked->out, '\n'), 3) << checked->out;
  EXPECT_LT(first->files.at(1).bytes, 8 * kMebibyte);
  EXPECT_EQ(run({"qemu-img", "compare", options.folder / first->files[0].name,
                 options.folder / first->files[1].name}),
            "Images are identical.\n");
  EXPECT_TRUE(make_images(runner_, options)->cached);
  fs::resize_file(options.folder / first->files[1].name, 1);
  EXPECT_FALSE(make_images(runner_, options)->cached);
}

TEST_F(ADiskOfASmallCommit, IsLargerToAVirtualMachineWhenItsLayoutSaysSo) {
  ImagesOptions options{
      .disk = options_, .folder = folder_->path() / "virtual", .name = "openhaven-1-amd64", .version = "1"};
  options.disk.layout.virtual_mib = 1024;
  ASSERT_TRUE(make_images(runner_, options));
  const auto told = run({"qemu-img", "info", options.folder / "openhaven-1-amd64.qcow2"});
  EXPECT_TRUE(told.contains("virtual size: 1 GiB")) << told;
}

TEST(ADiskLayout, TooSmallForItsPartsIsRefusedWithTheLeastSize) {
  const auto layout = lay_out({.size_mib = 200, .esp_mib = 64, .boot_mib = 128}, Sha256::of("commit"));
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().message(),
            "the disk: cannot lay out: 200 MiB leave too little for the root; the least is 304 MiB");
}

TEST(ADiskLayout, GrowsByWhatTheRootIsMissing) {
  const auto commit = Sha256::of("commit");
  const auto before = lay_out(kSmallDisk, commit).value();
  const auto after = with_root_of(before.root.size + 1, kSmallDisk, commit).value();
  EXPECT_EQ(after.table.size, before.table.size + kMebibyte);
  EXPECT_EQ(after.root.offset, before.root.offset);
  EXPECT_EQ(with_root_of(before.root.size, kSmallDisk, commit).value().table.size, before.table.size);
}

TEST(ADiskLayout, GivesTheSameIdentifiersForTheSameCommit) {
  const auto ids = [](std::string_view seed) {
    return lay_out(kSmallDisk, Sha256::of(seed)).value().root.id;
  };
  EXPECT_EQ(ids("a"), ids("a"));
  EXPECT_NE(ids("a"), ids("b"));
}

TEST(ABootSector, OfTheWrongSizeIsRefused) {
  EXPECT_EQ(patch_boot_code("short", kMebibyte).error().category(), Category::kInvalidInput);
  EXPECT_EQ(patch_core("short", kMebibyte).error().category(), Category::kInvalidInput);
}

}  // namespace
}  // namespace stratify::image
