#include "platform/ostree_pull.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/platform/signed_versions.hpp"
#include "tests/support/background.hpp"
#include "tests/support/http_server.hpp"

namespace stratify::ostree {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class AMachine : public SignedVersions {
 protected:
  // Hands the published repository out as it is now.
  void serve() {
    for (const auto& file : fs::recursive_directory_iterator(web_.path())) {
      if (file.is_regular_file()) answer(file.path(), {{.body = read_file(file.path()).value()}});
    }
  }
  void answer(const fs::path& file, std::vector<tests::Reply> replies) {
    server_.answer("/" + fs::relative(file, web_.path()).string(), std::move(replies));
  }
  // The published object of one file of the new version.
  fs::path object_of(const std::string& path) const {
    const auto name = Repository::open(build_)->find(*new_, path).value()->checksum.hex();
    return web_.path() / "objects" / name.substr(0, 2) / (name.substr(2) + ".filez");
  }
  fs::path commit_object(const Sha256& one) const {
    return web_.path() / "objects" / one.hex().substr(0, 2) / (one.hex().substr(2) + ".commit");
  }

  PullOptions options(const Sha256& wanted) const {
    return {.url = server_.address(""), .commit = wanted, .keyrings = {keyring_}, .retries = 0};
  }
  Result<void> pull_new() const { return pull(machine_, options(*new_)); }
  void expect_refused(Category category) const {
    const auto refused = pull_new();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category(), category) << refused.error().message();
    EXPECT_FALSE(machine_has(*new_));
  }
  // How often something was asked for whose name ends so.
  std::ptrdiff_t requests(std::string_view ending) const {
    return std::ranges::count_if(server_.seen(),
                                 [&](const auto& one) { return one.target.ends_with(ending); });
  }

  tests::HttpServer server_;
};

TEST_F(AMachine, GetsAVersionWithAllThatIsInIt) {
  serve();
  EXPECT_EQ(has_complete_commit(machine_, *new_), false);
  const auto pulled = pull_new();
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_TRUE(machine_has(*new_));
  EXPECT_EQ(has_complete_commit(machine_, *new_), true);
  EXPECT_FALSE(machine_has(*old_));
}

TEST_F(AMachine, GetsAVersionFromAFolder) {
  auto from_folder = options(*new_);
  from_folder.url = "file://" + fs::absolute(web_.path()).string();
  const auto pulled = pull(machine_, from_folder);
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_TRUE(machine_has(*new_));
}

TEST_F(AMachine, LeavesNoTraceInTheConfiguration) {
  serve();
  const auto before = read_file(machine_ / "config");
  ASSERT_TRUE(pull_new());
  EXPECT_EQ(read_file(machine_ / "config"), before);
}

TEST_F(AMachine, ThatLosesItsConnectionAsksOnlyForTheRest) {
  serve();
  const auto whole = read_file(object_of("/large")).value();
  answer(object_of("/large"), {{.body = whole, .drop_after = whole.size() / 2}});
  EXPECT_EQ(pull_new().error().category(), Category::kUnavailable);
  EXPECT_EQ(has_complete_commit(machine_, *new_).value_or(false), false);
  answer(object_of("/large"), {{.body = whole}});
  ASSERT_TRUE(pull_new());
  std::multiset<std::string> small;
  for (const auto& one : server_.seen()) {
    if (one.target.ends_with(".filez")) small.insert(one.target);
  }
  EXPECT_LE(small.size(), 10U);  // nine files, one of them twice
}

// Two hundred instants: at as many places within each file that is published.
TEST_F(AMachine, MayBeKilledAtAnyInstantOfADownloadAndNeedsNoCleaningUp) {
  serve();
  ASSERT_TRUE(pull_new());
  std::set<std::string> files;
  for (const auto& one : server_.seen()) {
    if (one.target.starts_with("/objects/") && fs::exists(web_.path() / one.target.substr(1)))
      files.insert(one.target);
  }
  const auto places = 200 / files.size() + 1;
  std::size_t killed = 0;
  for (const auto& file : files) {
    const auto whole = read_file(web_.path() / file.substr(1)).value();
    for (std::size_t place = 0; place < places; ++place) {
      const auto machine = folder_.path() / "killed" / std::to_string(killed);
      fs::create_directories(machine.parent_path());
      Repository::open_or_create(machine, Sync::kNever).value();
      server_.answer(file, {{.body = whole, .stall_after = whole.size() * place / places}, {.body = whole}});
      {
        const tests::Background puller({fs::read_symlink("/proc/self/exe").parent_path() / "pull_once",
                                        machine, server_.address(""), new_->hex(), keyring_});
        server_.wait_for_stall(++killed);
      }
      const auto pulled = pull(machine, options(*new_));
      ASSERT_TRUE(pulled) << file << " at " << place << ": " << pulled.error().message();
      ASSERT_TRUE(Repository::open(machine)->verify(*new_)) << file << " at " << place;
      fs::remove_all(machine);
    }
  }
  EXPECT_GE(killed, 200U);
}

TEST_F(AMachine, TriesAgainByItself) {
  serve();
  const auto whole = read_file(object_of("/large")).value();
  answer(object_of("/large"), {{.body = whole, .drop_after = 10}, {.body = whole}});
  auto patient = options(*new_);
  patient.retries = 1;
  const auto pulled = pull(machine_, patient);
  EXPECT_TRUE(pulled) << pulled.error().message();
}

TEST_F(AMachine, GivesUpOnAServerThatStalls) {
  serve();
  answer(object_of("/large"), {{.body = read_file(object_of("/large")).value(), .stall_after = 10}});
  auto impatient = options(*new_);
  impatient.stall = std::chrono::seconds(1);
  EXPECT_EQ(pull(machine_, impatient).error().category(), Category::kTimeout);
}

TEST_F(AMachine, EndsAtItsLimit) {
  serve();
  answer(object_of("/large"), {{.body = read_file(object_of("/large")).value(), .stall_after = 10}});
  auto limited = options(*new_);
  limited.stall = std::chrono::seconds(2);
  limited.retries = 1000;
  limited.limit = std::chrono::seconds(1);
  const auto ended = pull(machine_, limited);
  EXPECT_EQ(ended.error().category(), Category::kTimeout);
  EXPECT_THAT(ended.error().message(), HasSubstr("too long"));
}

TEST_F(AMachine, StopsWhenItIsTold) {
  serve();
  std::stop_source stop;
  stop.request_stop();
  auto stopped = options(*new_);
  stopped.stop = stop.get_token();
  EXPECT_EQ(pull(machine_, stopped).error().category(), Category::kConflict);
  EXPECT_FALSE(machine_has(*new_));
}

TEST_F(AMachine, TellsHowFarItIs) {
  serve();
  auto watched = options(*new_);
  PullProgress last;
  watched.on_progress = [&](const PullProgress& now) { last = now; };
  ASSERT_TRUE(pull(machine_, watched));
  EXPECT_GT(last.bytes, 100'000U);
  EXPECT_EQ(last.objects_done, last.objects_wanted);
}

TEST_F(AMachine, RefusesADamagedObjectAndTakesTheRightOneLater) {
  serve();
  answer(object_of("/small0"), {{.body = read_file(object_of("/small1")).value()}});
  EXPECT_EQ(pull_new().error().category(), Category::kVerification);
  EXPECT_FALSE(machine_has(*new_));
  EXPECT_EQ(has_complete_commit(machine_, *new_).value_or(false), false);
  serve();
  ASSERT_TRUE(pull_new());
  EXPECT_TRUE(machine_has(*new_));
}

TEST_F(AMachine, RefusesAPageInPlaceOfTheVersion) {
  serve();
  answer(commit_object(*new_), {{.body = "<html>Log in to this network</html>"}});
  expect_refused(Category::kVerification);
}

TEST_F(AMachine, SaysThatTheVersionIsNotThere) { expect_refused(Category::kNotFound); }

TEST_F(AMachine, SaysThatNobodyAnswers) {
  auto nowhere = options(*new_);
  nowhere.url = "http://127.0.0.1:1";
  EXPECT_EQ(pull(machine_, nowhere).error().category(), Category::kUnavailable);
}

TEST_F(AMachine, RefusesAVersionSignedByAnotherBeforeAnythingElseIsFetched) {
  serve();
  write_file(keyring_, other_key().public_key()).value();
  expect_refused(Category::kVerification);
  EXPECT_EQ(requests(".filez") + requests(".dirtree"), 0);
}

TEST_F(AMachine, RefusesAVersionThatNobodySigned) {
  serve();
  auto meta = commit_object(*new_);
  meta += "meta";
  answer(meta, {{.status = 404}});
  expect_refused(Category::kVerification);
}

TEST_F(AMachine, VerifiesAVersionThatIsThereAlready) {
  serve();
  ASSERT_TRUE(pull_new());
  write_file(keyring_, other_key().public_key()).value();
  EXPECT_EQ(pull_new().error().category(), Category::kVerification);
}

TEST_F(AMachine, TrustsEveryKeyOfAFolder) {
  serve();
  const auto folder = folder_.path() / "trusted.gpg.d";
  fs::create_directory(folder);
  write_file(folder / "other.gpg", other_key().public_key()).value();
  write_file(folder / "right.gpg", key_.public_key()).value();
  auto two_keys = options(*new_);
  two_keys.keyrings = {folder};
  const auto pulled = pull(machine_, two_keys);
  EXPECT_TRUE(pulled) << pulled.error().message();
}

class AMachineWithTheOldVersion : public AMachine {
 protected:
  void SetUp() override {
    AMachine::SetUp();
    make_delta(web_.path(), *old_, *new_).value();
    SigningKey::write_summary(web_.path(), std::array{key_}).value();
    serve();
    pull(machine_, options(*old_)).value();
    before_ = requests(".filez");
  }
  std::ptrdiff_t new_files() const { return requests(".filez") - before_; }
  std::ptrdiff_t before_ = 0;
};

TEST_F(AMachineWithTheOldVersion, GetsTheNewOneByADelta) {
  const auto pulled = pull_new();
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_TRUE(machine_has(*new_));
  EXPECT_EQ(new_files(), 0);
}

// The new version's folder is here, so nobody would look for what it names.
TEST_F(AMachineWithTheOldVersion, GetsWhatWasDamagedAnew) {
  ASSERT_TRUE(pull_new());
  const auto lost = Repository::open(machine_)->find(*new_, "/small0").value()->checksum.hex();
  fs::remove(machine_ / "objects" / lost.substr(0, 2) / (lost.substr(2) + ".file"));
  EXPECT_EQ(Repository::open(machine_)->discard_damage({*new_}).value().size(), 1U);
  EXPECT_EQ(has_complete_commit(machine_, *new_), false);
  auto whole = options(*new_);
  whole.whole = true;
  const auto pulled = pull(machine_, whole);
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_TRUE(machine_has(*new_));
  EXPECT_EQ(has_complete_commit(machine_, *new_), true);
}

TEST_F(AMachineWithTheOldVersion, AsksForTheObjectsItLacksWhenItMayUseNoDelta) {
  auto plain = options(*new_);
  plain.deltas = false;
  ASSERT_TRUE(pull(machine_, plain));
  EXPECT_EQ(new_files(), 9);
  EXPECT_EQ(requests(".dirmeta"), 1);  // with the old version
  EXPECT_EQ(requests("/superblock"), 0);
}

// A delta is decoded before its result can be verified.
TEST_F(AMachineWithTheOldVersion, UsesNoDeltaThatIsNotListedByATrustedKey) {
  SigningKey::write_summary(web_.path(), std::array{other_key()}).value();
  serve();
  const auto pulled = pull_new();
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_EQ(new_files(), 9);
  EXPECT_EQ(requests("/superblock"), 0);
}

}  // namespace
}  // namespace stratify::ostree
