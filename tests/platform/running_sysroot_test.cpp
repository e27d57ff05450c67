#include "platform/running_sysroot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "platform/file.hpp"
#include "platform/process.hpp"
#include "platform/sysroot.hpp"
#include "tests/platform/small_system.hpp"

namespace stratify::ostree {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kRef = "openhaven/amd64/core";

// A system laid out in a folder, that nothing is booted from; its /boot is in memory, so that libostree
// freezes nothing.
class AnInstalledSystem : public testing::Test {
 protected:
  void SetUp() override {
    const auto build = Repository::open_or_create(folder_.path() / "build", Sync::kNever).value();
    old_ = commit_small_system(build, "1.0", 1700000000);
    fs::create_directory(root_);
    first_ = deploy_first(root_, boot_.path(),
                          {.repository = build.path(),
                           .commit = *old_,
                           .ref = kRef,
                           .stateroot = "openhaven",
                           .kernel_arguments = {"rw", "quiet"}})
                 .value();
    // The appliance's program for the menu is not here, and nothing has to survive a power cut.
    set("sysroot.bootloader", "none");
    set("core.fsync", "false");
    new_ = commit_small_system(Repository::open(repo_).value(), "2.0", 1800000000);
  }
  void TearDown() override { EXPECT_TRUE(remove_sysroot(root_)); }

  void set(const std::string& key, const std::string& value) {
    RealProcessRunner runner;
    ASSERT_TRUE(run_checked(
        runner, {.arguments = {"ostree", "config", "--repo=" + repo_.string(), "set", key, value}}));
  }

  // The system as somebody else would find it.
  std::vector<std::string> menu() const { return menu_of(RunningSysroot::open(root_).value()); }
  static std::vector<std::string> menu_of(const RunningSysroot& sysroot) {
    std::vector<std::string> ids;
    const auto all = sysroot.deployments().value();
    ids.reserve(all.size());
    for (const auto& one : all) ids.push_back(one.id);
    return ids;
  }
  std::string deploy_new() const { return RunningSysroot::open(root_)->deploy(*new_, kRef).value(); }
  std::string entry(const std::string& name) const {
    return read_file(boot_.path() / "loader/entries" / name).value_or("");
  }

  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "sysroot-test").value();
  TemporaryFolder boot_ = TemporaryFolder::create("/run", "boot").value();
  fs::path root_ = folder_.path() / "root";
  fs::path repo_ = root_ / "ostree/repo";
  std::optional<Sha256> old_;
  std::optional<Sha256> new_;
  std::string first_;
};

TEST_F(AnInstalledSystem, SaysWhatIsInItsBootMenu) {
  const auto sysroot = RunningSysroot::open(root_);
  ASSERT_TRUE(sysroot) << sysroot.error().message();
  const auto all = sysroot->deployments().value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, first_);
  EXPECT_EQ(all[0].commit, *old_);
  EXPECT_EQ(all[0].version, "1.0");
  EXPECT_EQ(all[0].timestamp, 1700000000U);
  EXPECT_EQ(all[0].refspec, kRef);
  EXPECT_TRUE(fs::exists(all[0].root / "usr/lib/os-release"));
  EXPECT_FALSE(all[0].booted || all[0].staged || all[0].locked || all[0].pinned);
  EXPECT_TRUE(fs::equivalent(sysroot->repository(), repo_));
}

TEST_F(AnInstalledSystem, StartsANewVersionFirstAndKeepsTheOld) {
  const auto id = RunningSysroot::open(root_)->deploy(*new_, kRef);
  ASSERT_TRUE(id) << id.error().message();
  EXPECT_EQ(*id, new_->hex() + ".0");
  EXPECT_THAT(menu(), ElementsAre(*id, first_));
}

TEST_F(AnInstalledSystem, CarriesKernelArgumentsAndEtcOver) {
  const auto before = RunningSysroot::open(root_)->deployments().value().front().root;
  ASSERT_TRUE(write_file(before / "etc/hostname", "mine\n"));
  deploy_new();
  const auto after = RunningSysroot::open(root_)->deployments().value().front().root;
  EXPECT_EQ(read_file(after / "etc/hostname"), "mine\n");
  EXPECT_EQ(read_file(after / "etc/version"), "2.0\n");
  EXPECT_THAT(entry("ostree-2.conf"), HasSubstr("options rw quiet ostree=/ostree/boot."));
}

TEST_F(AnInstalledSystem, GetsTheKernelArgumentsOfTheNewVersionAndKeepsItsOwnersOwn) {
  const auto repository = Repository::open(repo_).value();
  const auto first = commit_small_system(repository, "3.0", 1800000001, "rw\npanic=10\n");
  const auto second = commit_small_system(repository, "4.0", 1800000002, "rw\npanic=20\n");
  ASSERT_TRUE(RunningSysroot::open(root_)->deploy(first, kRef));
  EXPECT_THAT(entry("ostree-2.conf"), AllOf(HasSubstr("rw quiet"), HasSubstr(" panic=10\n")));
  ASSERT_TRUE(RunningSysroot::open(root_)->deploy(second, kRef));
  EXPECT_THAT(entry("ostree-3.conf"),
              AllOf(HasSubstr("rw quiet"), HasSubstr(" panic=20\n"), Not(HasSubstr("panic=10"))));
}

TEST_F(AnInstalledSystem, GoesBackWhenTheOldVersionIsPutFirst) {
  const auto fresh = deploy_new();
  ASSERT_TRUE(RunningSysroot::open(root_)->order({first_, fresh}));
  EXPECT_THAT(menu(), ElementsAre(first_, fresh));
  EXPECT_THAT(entry("ostree-2.conf"), HasSubstr("OpenHaven 1.0"));
}

TEST_F(AnInstalledSystem, DropsFromItsMenuWhatIsNotNamedAndFromTheDiskWithCleaning) {
  const auto fresh = deploy_new();
  const auto folder = RunningSysroot::open(root_)->deployments().value().front().root;
  ASSERT_TRUE(RunningSysroot::open(root_)->order({first_}));
  EXPECT_THAT(menu(), ElementsAre(first_));
  EXPECT_TRUE(fs::exists(folder));
  const auto cleaned = RunningSysroot::open(root_)->clean_up();
  ASSERT_TRUE(cleaned) << cleaned.error().message();
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_FALSE(Repository::open(repo_)->root_of(*new_));
  EXPECT_TRUE(Repository::open(repo_)->verify(*old_));
}

TEST_F(AnInstalledSystem, RefusesABootMenuThatMakesNoSense) {
  auto sysroot = RunningSysroot::open(root_);
  EXPECT_EQ(sysroot->order({first_, first_}).error().category(), Category::kInvalidInput);
  EXPECT_EQ(sysroot->order({new_->hex() + ".0"}).error().category(), Category::kNotFound);
  EXPECT_EQ(sysroot->order({}).error().category(), Category::kInvalidInput);
  EXPECT_THAT(menu_of(*sysroot), ElementsAre(first_));
}

TEST_F(AnInstalledSystem, StagesNothingWhenItIsNotTheOneThatRuns) {
  auto sysroot = RunningSysroot::open(root_);
  EXPECT_EQ(sysroot->stage(*new_, kRef).error().category(), Category::kConflict);
  EXPECT_EQ(sysroot->unlock_staged().error().category(), Category::kNotFound);
  EXPECT_TRUE(sysroot->drop_staged());
}

TEST_F(AnInstalledSystem, DeploysOnlyWhatItsRepositoryHas) {
  const auto unknown = RunningSysroot::open(root_)->deploy(Sha256::of("nothing"), kRef);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().category(), Category::kNotFound);
  EXPECT_THAT(menu(), ElementsAre(first_));
}

TEST_F(AnInstalledSystem, IsChangedByOneAtATime) {
  auto one = RunningSysroot::open(root_);
  ASSERT_TRUE(one);
  const auto other = RunningSysroot::open(root_, {.patience = std::chrono::milliseconds(1)});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().category(), Category::kConflict);
}

TEST_F(AnInstalledSystem, IsFreeAgainAfterwards) {
  {
    ASSERT_TRUE(RunningSysroot::open(root_));
  }
  EXPECT_TRUE(RunningSysroot::open(root_, {.patience = std::chrono::milliseconds(1)}));
}

TEST(AFolderWithoutASystem, IsNotOpened) {
  const auto folder = TemporaryFolder::create("out/tmp", "empty").value();
  EXPECT_FALSE(RunningSysroot::open(folder.path()));
}

}  // namespace
}  // namespace stratify::ostree
