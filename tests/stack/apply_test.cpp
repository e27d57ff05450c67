#include "stack/apply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stack/secrets.hpp"
#include "tests/stack/fake_machine.hpp"
#include "tests/stack/render_fixture.hpp"

namespace stratify::stack::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class AMachine : public Rendering {
 protected:
  Result<ApplyReport> apply_now() {
    systemd_.log.clear();
    words_.clear();
    const ApplyEffects effects{.root = root_.path(), .units = systemd_, .podman = podman_, .own = owns_};
    return apply(rendered(), effects,
                 [this](const Progress& progress) { words_.push_back(to_string(progress)); });
  }

  void claim_it(const std::string& domain) {
    ASSERT_TRUE(exists(kSecretsFolder) || make_secrets(root_.path()));
    claim(domain);
  }

  [[nodiscard]] bool exists(const std::string& path) const {
    return std::filesystem::exists(root_.path() / path);
  }

  TemporaryFolder root_ = *TemporaryFolder::create(testing::TempDir());
  FakeSystemd systemd_{root_.path()};
  FakePodman podman_;
  std::map<std::string, std::uint32_t> owners_;
  std::function<Result<void>(const Descriptor&, const std::filesystem::path&, std::uint32_t)> owns_ =
      [this](const Descriptor&, const std::filesystem::path& path, std::uint32_t owner) -> Result<void> {
    owners_[path.filename()] = owner;
    return {};
  };
  std::vector<std::string> words_;
};

TEST_F(AMachine, ThatIsUnclaimedStartsItsProxyAlone) {
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("reload-all", "start caddy.service"));
  EXPECT_THAT(words_, ElementsAre("0/2 writing the configuration", "1/2 starting Web server"));
  EXPECT_EQ(podman_.written, 0);
}

TEST_F(AMachine, ThatIsAppliedAgainIsLeftAlone) {
  ASSERT_TRUE(apply_now());
  const auto again = apply_now();
  ASSERT_TRUE(again);
  EXPECT_THAT(systemd_.log, IsEmpty());
  EXPECT_THAT(again->written, IsEmpty());
}

TEST_F(AMachine, ReloadsItsProxyAndStartsTheRestWhenItIsClaimed) {
  ASSERT_TRUE(apply_now());
  claim_it("example.org");
  const auto report = apply_now();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(systemd_.log, ElementsAre("reload-all", "reload caddy.service", "start radicale.service",
                                        "start webdav.service"));
  EXPECT_THAT(words_, ElementsAre("0/4 writing the configuration", "1/4 reloading Web server",
                                  "2/4 starting Calendar and contacts", "3/4 starting Files"));
  EXPECT_TRUE(podman_.data["openhaven-users"].starts_with("owner:$2y$"));
}

TEST_F(AMachine, GivesEachProviderItsOwnFolderOfData) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  EXPECT_TRUE(exists("var/lib/openhaven/data/webdav/files/owner"));
  EXPECT_EQ(owners_["files"], 1000U);
  EXPECT_FALSE(exists("var/lib/openhaven/data/webdav/.new-files"));
}

TEST_F(AMachine, FollowsNoLinkThatAContainerPutWhereItsFolderWasMade) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  const auto files = root_.path() / "var/lib/openhaven/data/webdav/files";
  const auto elsewhere = root_.path() / "elsewhere";
  ASSERT_TRUE(make_folders(elsewhere));
  const auto mode = std::filesystem::status(elsewhere).permissions();
  std::filesystem::rename(files / "owner", files / "aside");
  std::filesystem::create_symlink(elsewhere, files / ".new-owner");
  std::filesystem::create_symlink("nowhere", files / "owner");
  owners_.clear();
  const auto report = apply_now();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::symlink_status(files / "owner")));
  EXPECT_EQ(std::filesystem::status(elsewhere).permissions(), mode);
  EXPECT_FALSE(std::filesystem::exists(files / ".new-owner"));
}

TEST_F(AMachine, RefusesToMakeAFolderBehindALink) {
  claim_it("example.org");
  const auto data = root_.path() / "var/lib/openhaven/data";
  ASSERT_TRUE(make_folders(data));
  ASSERT_TRUE(make_folders(root_.path() / "elsewhere/files"));
  std::filesystem::create_symlink(root_.path() / "elsewhere", data / "webdav");
  EXPECT_FALSE(apply_now());
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "elsewhere/files/owner"));
}

TEST_F(AMachine, ReloadsNothingButItsProxyWhenANameBecomesReady) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  facts_.ready_names = {"example.org"};
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("reload caddy.service"));
}

TEST_F(AMachine, RestartsWhatUsesASecretThatChanged) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  ASSERT_TRUE(make_secrets(root_.path()));
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("restart radicale.service", "restart webdav.service"));
  EXPECT_EQ(podman_.written, 2);
}

TEST_F(AMachine, RestartsAUnitWhoseDefinitionChanged) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  images_["radicale"] = "localhost/openhaven/radicale@sha256:" + std::string(64, 'd');
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("reload-all", "restart radicale.service"));
}

TEST_F(AMachine, LetsAUnitArriveThatIsComingUpBeforeItStartsItAnew) {
  ASSERT_TRUE(apply_now());
  systemd_.running.clear();
  systemd_.coming_up = {"caddy.service"};
  images_["caddy"] = "localhost/openhaven/caddy@sha256:" + std::string(64, 'd');
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("reload-all", "start caddy.service", "restart caddy.service"));
}

TEST_F(AMachine, StopsAndForgetsWhatIsNoLongerWanted) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  configuration_.reset();
  const auto report = apply_now();
  ASSERT_TRUE(report);
  EXPECT_THAT(systemd_.log, ElementsAre("stop radicale.service", "stop webdav.service", "reload-all",
                                        "reload caddy.service"));
  EXPECT_FALSE(exists("run/containers/systemd/radicale.container"));
  EXPECT_FALSE(exists("run/openhaven/live.json"));
  EXPECT_TRUE(exists("var/lib/openhaven/data/webdav/files/owner")) << "data is never removed by applying";
}

TEST_F(AMachine, StartsAgainWhatSomebodyStopped) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  systemd_.running.erase("webdav.service");
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("start webdav.service"));
}

TEST_F(AMachine, RepairsAFileThatSomebodyEdited) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  ASSERT_TRUE(write_file(root_.path() / "run/openhaven/radicale/config", "edited"));
  EXPECT_THAT(apply_now()->written, ElementsAre("/run/openhaven/radicale/config"));
}

TEST_F(AMachine, TriesAFailedStartAgain) {
  claim_it("example.org");
  systemd_.failures["webdav.service"] = 2;
  ASSERT_TRUE(apply_now());
  EXPECT_TRUE(systemd_.running.contains("webdav.service"));
}

TEST_F(AMachine, BringsUpTheOthersAndNamesWhatFailed) {
  claim_it("example.org");
  systemd_.failures["webdav.service"] = 100;
  const auto report = apply_now();
  ASSERT_FALSE(report);
  EXPECT_EQ(
      report.error().message(),
      "webdav.service (failed): cannot start: the others run; see 'journalctl -b -u webdav.service', then "
      "'systemctl restart haven-stack'");
  EXPECT_TRUE(systemd_.running.contains("radicale.service"));
}

// Cut after the files were written and before the unit was done with: the next run must not believe the
// files.
TEST_F(AMachine, FinishesWhatAnInterruptedRunLeft) {
  claim_it("example.org");
  ASSERT_TRUE(apply_now());
  images_["webdav"] = "localhost/openhaven/webdav@sha256:" + std::string(64, 'd');
  systemd_.hangs = true;
  EXPECT_EQ(apply_now().error().category(), Category::kTimeout);
  systemd_.hangs = false;
  ASSERT_TRUE(apply_now());
  EXPECT_THAT(systemd_.log, ElementsAre("restart webdav.service"));
}

TEST_F(AMachine, WithoutItsSecretsSaysWhichFileIsMissing) {
  claim("example.org");
  const auto report = apply_now();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(),
              testing::HasSubstr("secrets/users: cannot open: No such file or directory"));
}

}  // namespace
}  // namespace stratify::stack::tests
