#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <sstream>

#include <boost/json.hpp>

#include "image/cli/run.hpp"
#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree.hpp"
#include "platform/ostree_publish.hpp"
#include "platform/ostree_signature.hpp"
#include "release/channel.hpp"
#include "release/envelope.hpp"
#include "tests/support/registry.hpp"

namespace stratify::image {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kRef = "openhaven/amd64/tiny";

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// A build's output folder, whose cache holds signed versions, and the folder they are published to.
class APublisher : public testing::Test {
 protected:
  APublisher() {
    fs::create_directories(out_);
    write_file(folder_.path() / "tiny.yaml",
               "name: tiny\nversion: 1.0.0\narchitecture: amd64\n"
               "suites: [{name: stable, archive: debian, keyring: /keys.gpg}]\n"
               "os: {packages: [server]}\ndisk: {size: 1 GiB, esp: 64 MiB, boot: 128 MiB}\n")
        .value();
  }
  void TearDown() override {
    for (const auto& parent : {out_ / "keys", out_ / "keys/release", folder_.path() / "keys"}) {
      std::error_code none;
      for (const auto& home : fs::directory_iterator(parent, none))
        EXPECT_TRUE(runner_.run({.arguments = {"gpgconf", "--homedir", home.path(), "--kill", "all"}}));
    }
  }

  [[nodiscard]] fs::path build() const { return cache_.path() / "repo"; }
  [[nodiscard]] fs::path web() const { return cache_.path() / "web"; }

  static std::string content(const std::string& version) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += Sha256::of(std::to_string(i)).hex();
    return text + version;
  }

  // A version as `stratify build` leaves it, n days younger than the first; unsigned.
  Sha256 compose(const std::string& version, unsigned n) {
    const auto repository = ostree::Repository::open_or_create(build(), ostree::Sync::kNever).value();
    auto transaction = repository.begin().value();
    const auto folder = transaction.write_folder({.mode = 0755}).value();
    ostree::Tree tree;
    tree.set_folder("/", folder).value();
    tree.ensure_folder("/usr/lib/modules/6.12", folder).value();
    const auto put = [&](const std::string& path, const std::string& data) {
      tree.replace_file(path, transaction.write_file({}, data).value()).value();
    };
    put("/usr/lib/modules/6.12/vmlinuz", "kernel");
    put("/usr/lib/modules/6.12/initramfs.img", "initramfs " + version);
    put("/usr/content", content(version));
    const auto commit =
        transaction
            .write_commit(transaction.write_tree(tree).value(),
                          {.timestamp = 1'700'000'000 + 86400 * n,
                           .metadata = {{"version", version},
                                        {"ostree.linux", "6.12"},
                                        {"ostree.ref-binding", std::vector<std::string>{std::string(kRef)}}}})
            .value();
    transaction.set_ref(kRef, commit);
    transaction.commit().value();
    return commit;
  }

  SigningKey development() { return SigningKey::development(runner_, out_ / "keys/development").value(); }

  Sha256 build_version(const std::string& version, unsigned n) {
    auto commit = compose(version, n);
    development().sign_commit(build(), commit).value();
    return commit;
  }

  Outcome publish(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"publish", "--manifest", folder_.path() / "tiny.yaml", "--output",
                                   out_,      "--cache",    cache_.path().string(),       "--to",
                                   web()};
    words.insert(words.end(), more.begin(), more.end());
    std::ostringstream out;
    std::ostringstream err;
    const int code = cli::run(words, {.out = out, .err = err});
    return {code, out.str(), err.str()};
  }

  // Publishing what goes well.
  void published(const std::vector<std::string>& more = {}) {
    const auto outcome = publish(more);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  Sha256 built_and_published(const std::string& version, unsigned n,
                             const std::vector<std::string>& more = {}) {
    auto commit = build_version(version, n);
    published(more);
    return commit;
  }

  // As a machine reads it: verified by the key, then parsed.
  release::Channel list(const std::string& channel = "next") {
    const auto file = web() / "channels" / (channel + ".json");
    const auto envelope = release::unpack(read_file(file).value(), channel).value();
    const auto keyring = folder_.path() / "trusted.gpg";
    write_file(keyring, development().public_key()).value();
    EXPECT_TRUE(ostree::verify_data(web() / "repo", envelope.text, envelope.joined_signatures(), {keyring}));
    return release::parse_channel(envelope.text, channel).value();
  }

  std::vector<std::string> versions(const std::string& channel = "next") {
    std::vector<std::string> names;
    for (const auto& one : list(channel).releases) names.push_back(one.version);
    return names;
  }

  // What lies in the published folder itself.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(web())) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  [[nodiscard]] bool has_objects_of(const Sha256& commit) const {
    return ostree::Repository::open(web() / "repo")->verify(commit).has_value();
  }

  std::string ostree(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ostree");
    auto output = run_checked(runner_, {.arguments = std::move(arguments)});
    EXPECT_TRUE(output) << output.error().message();
    return output.value_or("");
  }

  // A repository of the ostree program that trusts the development key.
  std::string machine() {
    auto path = (cache_.path() / "machine").string();
    write_file(folder_.path() / "trusted.gpg", development().public_key()).value();
    ostree({"init", "--repo=" + path, "--mode=bare-user-only"});
    ostree({"remote", "add", "--repo=" + path, "--set=gpg-verify-summary=true",
            "--gpg-import=" + (folder_.path() / "trusted.gpg").string(), "web",
            "file://" + fs::absolute(web() / "repo").string()});
    return path;
  }

  // A secret key in a file, as a release key is kept.
  std::string key_file(const std::string& name) {
    const auto home = folder_.path() / "keys" / name;
    const auto key = SigningKey::development(runner_, home).value();
    auto file = (folder_.path() / (name + ".key")).string();
    run_checked(runner_, {.arguments = {"gpg", "--homedir", home, "--batch", "--yes", "--output", file,
                                        "--export-secret-keys", key.fingerprint()}})
        .value();
    return file;
  }

  // A short path: gpg-agent's socket lies in the key's home.
  TemporaryFolder folder_ = TemporaryFolder::create("/tmp", "publish").value();
  TemporaryFolder cache_ = TemporaryFolder::create("out/tmp", "publish-test").value();
  RealProcessRunner runner_;
  fs::path out_ = folder_.path() / "out";
};

TEST_F(APublisher, OffersWhatWasBuiltLastInNext) {
  const auto commit = build_version("1.0", 1);
  const auto outcome = publish();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("1.0 published in next"), HasSubstr(commit.hex()),
                                 HasSubstr("publish again before")));
  EXPECT_EQ(list().newest().commit, commit);
  EXPECT_THAT(files(), ElementsAre("channels", "openhaven-1.0-amd64.delta", "repo"));
}

TEST_F(APublisher, SaysWhatItDoes) {
  build_version("1.0", 1);
  EXPECT_THAT(publish().err,
              AllOf(HasSubstr("copy: what is signed by"), HasSubstr("in 10 objects"), HasSubstr("deltas"),
                    HasSubstr("file for USB"), HasSubstr("next lists 1")));
}

TEST_F(APublisher, TellsAProgramInJson) {
  const auto commit = build_version("1.0", 1);
  const auto text = publish({"--json"}).out;
  const auto line = text.substr(text.rfind('\n', text.size() - 2) + 1);
  const auto result = json::parse(line).as_object();
  EXPECT_EQ(result.at("commit").as_string(), commit.hex());
  EXPECT_EQ(result.at("delta_file").as_string(), "openhaven-1.0-amd64.delta");
  EXPECT_EQ(result.at("serial").to_number<std::uint64_t>(), list().serial);
}

TEST_F(APublisher, DescribesTheRelease) {
  built_and_published("1.0", 1, {"--notes", "Mail is faster.", "--rollout-hours", "48", "--barrier"});
  const auto release = list().newest();
  EXPECT_EQ(release.ref, kRef);
  EXPECT_EQ(release.timestamp, 1'700'000'000 + 86400);
  EXPECT_EQ(release.objects, 10U);
  EXPECT_EQ(release.boot_bytes, std::string("kernelinitramfs 1.0").size());
  EXPECT_GT(release.installed_bytes, release.bytes);
  EXPECT_TRUE(release.barrier);
  EXPECT_EQ(release.rollout.hours, 48U);
  EXPECT_EQ(release.rollout.start, release.published);
  EXPECT_EQ(release.notes, "Mail is faster.");
  EXPECT_EQ(release.delta_file->bytes, fs::file_size(web() / release.delta_file->name));
  EXPECT_EQ(release.delta_file->sha256, Sha256::of_file(web() / release.delta_file->name));
}

TEST_F(APublisher, LetsAMachineUpdateByStaticDelta) {
  const auto first = built_and_published("1.0", 1);
  const auto repo = machine();
  ostree({"pull", "--repo=" + repo, "web", first.hex()});
  const auto second = built_and_published("1.1", 2);
  ostree({"pull", "--repo=" + repo, "--require-static-deltas", "web", second.hex()});
  EXPECT_EQ(ostree({"cat", "--repo=" + repo, second.hex(), "/usr/content"}), content("1.1"));
  const auto update = list().newest().updates.at(0);
  EXPECT_EQ(update.from, first);
  EXPECT_GT(update.delta_bytes, 0U);
  EXPECT_LT(update.delta_bytes, update.bytes);
  EXPECT_LT(update.objects, list().newest().objects);
}

TEST_F(APublisher, LetsAPersonCompareAnUpdateWithItsDelta) {
  const auto first = built_and_published("1.0", 1);
  const auto second = built_and_published("1.1", 2);
  std::ostringstream out;
  std::ostringstream err;
  const auto code =
      cli::run({"diff", "--json", "--manifest", folder_.path() / "tiny.yaml", "--output", out_, "--cache",
                cache_.path().string(), "--published", web(), first.hex(), second.hex()},
               {.out = out, .err = err});
  ASSERT_EQ(code, 0) << err.str();
  EXPECT_EQ(json::parse(out.str()).at("update").at("delta_bytes").to_number<std::uint64_t>(),
            list().newest().updates.at(0).delta_bytes);
}

TEST_F(APublisher, LetsAPersonPullAChannelByItsName) {
  built_and_published("1.0", 1);
  const auto repo = machine();
  ostree({"pull", "--repo=" + repo, "--disable-verify-bindings", "web", std::string(kRef) + "/next"});
  EXPECT_EQ(ostree({"cat", "--repo=" + repo, "web:" + std::string(kRef) + "/next", "/usr/content"}),
            content("1.0"));
}

TEST_F(APublisher, GivesAMachineWithoutNetworkEverythingInOneFile) {
  const auto commit = built_and_published("1.0", 1);
  const auto repo = machine();
  ostree({"static-delta", "apply-offline", "--repo=" + repo, web() / "openhaven-1.0-amd64.delta"});
  EXPECT_EQ(ostree({"cat", "--repo=" + repo, commit.hex(), "/usr/content"}), content("1.0"));
}

TEST_F(APublisher, MakesThatFileLaterWhenItWasLeftOut) {
  built_and_published("1.0", 1, {"--no-delta-file"});
  EXPECT_THAT(files(), ElementsAre("channels", "repo"));
  EXPECT_FALSE(list().newest().delta_file);
  published({"1.0", "--no-delta-file"});
  EXPECT_FALSE(list().newest().delta_file);
  published({"1.0"});
  EXPECT_EQ(list().newest().delta_file->sha256, Sha256::of_file(web() / "openhaven-1.0-amd64.delta"));
}

TEST_F(APublisher, MakesDeltasFromAsManyReleasesAsAsked) {
  built_and_published("1.0", 1);
  const auto second = built_and_published("1.1", 2);
  const auto third = built_and_published("1.2", 3);
  built_and_published("1.3", 4, {"--deltas-from", "2"});
  const auto updates = list().newest().updates;
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].from, third);
  EXPECT_EQ(updates[1].from, second);
}

TEST_F(APublisher, GivesTheSameReleaseItsNumberInTheOtherChannel) {
  built_and_published("1.0", 1);
  const auto commit = built_and_published("1.1", 2);
  published({"1.1", "--channel", "stable", "--rollout-hours", "24"});
  EXPECT_EQ(list("stable").newest().number, list().newest().number);
  EXPECT_EQ(list("stable").newest().commit, commit);
  EXPECT_EQ(list("stable").newest().rollout.hours, 24U);
  EXPECT_EQ(list().newest().rollout.hours, 0U);
  EXPECT_EQ(list("stable").newest().delta_file, list().newest().delta_file);
}

TEST_F(APublisher, PromotesWithoutTheBuildThatMadeIt) {
  built_and_published("1.0", 1);
  remove_tree(build()).value();
  published({"1.0", "--channel", "stable"});
  EXPECT_THAT(versions("stable"), ElementsAre("1.0"));
}

TEST_F(APublisher, OnlyRenewsTheListOfWhatIsNewestAlready) {
  built_and_published("1.0", 1, {"--notes", "kept"});
  const auto before = list();
  const auto outcome = publish({"1.0", "--expires-days", "60"});
  EXPECT_THAT(outcome.out, HasSubstr("1.0 listed anew in next"));
  const auto after = list();
  EXPECT_EQ(after.releases, before.releases);
  EXPECT_GT(after.serial, before.serial);
  EXPECT_EQ(after.expires - after.issued, 60 * 86400);
}

TEST_F(APublisher, HastensARollOutByPublishingAgain) {
  built_and_published("1.0", 1, {"--rollout-hours", "48"});
  const auto start = list().newest().rollout.start;
  published({"1.0", "--rollout-hours", "0"});
  EXPECT_EQ(list().newest().rollout.hours, 0U);
  EXPECT_EQ(list().newest().rollout.start, start);
}

TEST_F(APublisher, KeepsTheNewestReleasesEveryBarrierAndWhatTheOtherChannelLists) {
  const auto barrier = built_and_published("1.0", 1, {"--barrier"});
  const auto other = built_and_published("1.1", 2);
  published({"1.1", "--channel", "stable"});
  const auto dropped = built_and_published("1.2", 3);
  const auto kept = built_and_published("1.3", 4);
  built_and_published("1.4", 5, {"--keep", "2"});
  EXPECT_THAT(versions(), ElementsAre("1.0", "1.3", "1.4"));
  EXPECT_TRUE(has_objects_of(barrier));
  EXPECT_TRUE(has_objects_of(other));
  EXPECT_FALSE(has_objects_of(dropped));
  EXPECT_TRUE(has_objects_of(kept));
  EXPECT_THAT(files(), ElementsAre("channels", "openhaven-1.0-amd64.delta", "openhaven-1.1-amd64.delta",
                                   "openhaven-1.3-amd64.delta", "openhaven-1.4-amd64.delta", "repo"));
}

TEST_F(APublisher, LeavesFilesOfOthersInTheFolderAlone) {
  built_and_published("1.0", 1);
  ASSERT_TRUE(write_file(web() / "index.html", "Welcome"));
  built_and_published("1.1", 2);
  EXPECT_TRUE(fs::exists(web() / "index.html"));
}

// Refusals: nothing is listed.
TEST_F(APublisher, RefusesALowerVersion) {
  built_and_published("1.1", 1);
  build_version("1.0", 2);
  const auto outcome = publish();
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("1.0: cannot publish in the channel next: 1.1 is listed already"));
  EXPECT_THAT(versions(), ElementsAre("1.1"));
}

TEST_F(APublisher, RefusesAnotherCommitOfAPublishedVersion) {
  built_and_published("1.0", 1);
  build_version("1.0", 2);
  for (const auto* channel : {"next", "stable"}) {
    const auto outcome = publish({"--channel", channel});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("another commit was published under this version"));
  }
}

TEST_F(APublisher, RefusesAnUnsignedCommit) {
  compose("1.0", 1);
  const auto outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err,
              HasSubstr("it is not signed by a key you publish with; build it with the same --key"));
  EXPECT_FALSE(fs::exists(web() / "channels/next.json"));
}

TEST_F(APublisher, RefusesACommitThatAnotherKeySigned) {
  build_version("1.0", 1);
  EXPECT_EQ(publish({"--key", key_file("release")}).code, 3);
}

TEST_F(APublisher, RefusesADamagedVersion) {
  const auto commit = build_version("1.0", 1);
  const auto file = ostree::Repository::open(build())->find(commit, "/usr/content").value()->checksum.hex();
  ASSERT_TRUE(write_file(build() / "objects" / file.substr(0, 2) / (file.substr(2) + ".file"), "other"));
  EXPECT_EQ(publish().code, 3);
  EXPECT_FALSE(fs::exists(web() / "channels/next.json"));
}

TEST_F(APublisher, RefusesToGoOnFromAListThatSomebodyChanged) {
  built_and_published("1.0", 1);
  const auto path = web() / "channels/next.json";
  auto text = read_file(path).value();
  text.replace(text.find("\\\"barrier\\\": false"), 18, "\\\"barrier\\\": true ");
  ASSERT_TRUE(write_file(path, text));
  build_version("1.1", 2);
  const auto outcome = publish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("or find out who changed it"));
}

TEST_F(APublisher, RefusesChannelsThatMachinesDoNotKnow) {
  const auto outcome = publish({"--channel", "stabel"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("there are only next and stable"));
}

TEST_F(APublisher, RefusesTermsThatMachinesWouldRefuse) {
  build_version("1.0", 1);
  EXPECT_THAT(publish({"--rollout-hours", "9000"}).err, HasSubstr("rollout.hours: expected a whole number"));
  EXPECT_THAT(publish({"--expires-days", "0"}).err, HasSubstr("expected 1 to 3650 days"));
  EXPECT_THAT(publish({"--image", "registry.example.org/x:latest"}).err, HasSubstr("a digest cannot"));
  EXPECT_FALSE(fs::exists(web() / "channels/next.json"));
}

class APublisherWithARegistry : public APublisher {
 protected:
  tests::Registry registry_;
};

TEST_F(APublisherWithARegistry, BindsAnImageAndSaysHowLargeItIs) {
  const auto image = registry_.push("mail");
  built_and_published("1.0", 1, {"--image", image.name()});
  const auto bound = list().newest().images.at(0);
  EXPECT_EQ(bound.reference, image.reference);
  EXPECT_EQ(bound.digest, image.digest);
  EXPECT_EQ(bound.bytes, image.bytes);
  published({"1.0", "--channel", "stable"});
  EXPECT_EQ(list("stable").newest().images.at(0), bound);
}

TEST_F(APublisherWithARegistry, RefusesAnImageThatItDoesNotHave) {
  build_version("1.0", 1);
  const auto outcome = publish({"--image", "127.0.0.1:5000/office@sha256:" + Sha256::of("x").hex()});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("push it there first"));
  EXPECT_FALSE(fs::exists(web() / "channels/next.json"));
}

TEST_F(APublisherWithARegistry, RefusesAnImageOfAnotherDigest) {
  build_version("1.0", 1);
  const auto image = registry_.push("mail");
  registry_.damage(image);
  EXPECT_EQ(publish({"--image", image.name()}).code, 3);
}

TEST_F(APublisherWithARegistry, SaysThatItCannotBeReached) {
  build_version("1.0", 1);
  const auto image = registry_.push("mail");
  registry_.stop();
  const auto outcome = publish({"--image", image.name()});
  EXPECT_EQ(outcome.code, 6);
  EXPECT_THAT(outcome.err, HasSubstr("connection refused"));
}

TEST_F(APublisher, WithoutAnythingBuiltIsToldToBuild) {
  const auto outcome = publish();
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("`stratify build` does it"));
}

TEST_F(APublisher, WhoChangesTheKeySignsWithBothForAWhile) {
  const auto old_key = key_file("old");
  const auto new_key = key_file("new");
  const auto home = [&](const std::string& name) {
    return SigningKey::development(runner_, folder_.path() / "keys" / name).value();
  };
  const auto commit = compose("1.0", 1);
  home("old").sign_commit(build(), commit).value();
  published({"--key", old_key});
  EXPECT_EQ(publish({"1.0", "--key", new_key}).code, 3);
  published({"1.0", "--key", old_key, "--key", new_key});
  for (const auto& key : {home("old"), home("new")}) {
    const auto keyring = folder_.path() / "one.gpg";
    write_file(keyring, key.public_key()).value();
    EXPECT_TRUE(ostree::verify_signature(web() / "repo", commit, keyring));
  }
  published({"1.0", "--key", new_key});
}

}  // namespace
}  // namespace stratify::image
