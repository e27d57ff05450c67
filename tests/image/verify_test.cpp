#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <sstream>

#include "image/cli/run.hpp"
#include "image/lock.hpp"
#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kManifest =
    "name: tiny\nversion: 1.0.0\narchitecture: amd64\n"
    "suites: [{name: stable, archive: debian, keyring: /keys.gpg}]\n"
    "os: {packages: [server]}\ndisk: {size: 1 GiB, esp: 64 MiB, boot: 128 MiB}\n";

struct Outcome {
  int code;
  std::string out;
};

// A signed commit with its lock, and one image of it as `stratify build` leaves it in the output folder.
class AVersionWithAnImage : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(out_);
    write_file(folder_.path() / "tiny.yaml", kManifest).value();
    save_lock(lock_, folder_.path() / "tiny.lock").value();
    const auto key = SigningKey::development(runner_, keys()).value();
    const auto commit = write_commit();
    key.sign_commit(repository_.path() / "repo", commit).value();
    write_file(image_, "the disk").value();
    write_manifest(commit);
    write_list();
  }
  void TearDown() override {
    EXPECT_TRUE(runner_.run({.arguments = {"gpgconf", "--homedir", keys(), "--kill", "all"}}));
  }

  [[nodiscard]] fs::path keys() const { return out_ / "keys/development"; }

  Sha256 write_commit() {
    const auto repository =
        ostree::Repository::open_or_create(repository_.path() / "repo", ostree::Sync::kNever).value();
    auto transaction = repository.begin().value();
    ostree::Tree tree;
    tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()).value();
    const auto commit =
        transaction
            .write_commit(
                transaction.write_tree(tree).value(),
                {.timestamp = 1, .metadata = {{"openhaven.lock", Sha256::of(to_yaml(lock_)).hex()}}})
            .value();
    transaction.set_ref("openhaven/amd64/tiny", commit);
    transaction.commit().value();
    return commit;
  }

  void write_manifest(const Sha256& commit) {
    write_file(manifest_,
               std::format(R"({{"commit": "{}", "files": [{{"name": "tiny.raw", "sha256": "{}"}}]}})",
                           commit.hex(), Sha256::of("the disk").hex()))
        .value();
  }
  void write_list() {
    std::string text;
    for (const auto& file : {manifest_, image_})
      text += Sha256::of_file(file)->hex() + "  " + file.filename().string() + "\n";
    write_file(list_, text).value();
  }

  Outcome verify(const std::vector<std::string>& version = {}) {
    std::vector<std::string> words{"verify",          "--manifest", folder_.path() / "tiny.yaml",
                                   "--output",        out_,         "--cache",
                                   repository_.path()};
    words.insert(words.end(), version.begin(), version.end());
    std::ostringstream out;
    std::ostringstream err;
    const int code = cli::run(words, {.out = out, .err = err});
    return {code, out.str() + err.str()};
  }

  // A short path: gpg-agent's socket lies in the key's home.
  TemporaryFolder folder_ = TemporaryFolder::create("/tmp", "verify").value();
  TemporaryFolder repository_ = TemporaryFolder::create("out/tmp", "verify-test").value();
  RealProcessRunner runner_;
  Lock lock_;
  fs::path out_ = folder_.path() / "out";
  fs::path image_ = out_ / "tiny.raw";
  fs::path manifest_ = out_ / "tiny.json";
  fs::path list_ = out_ / "SHA256SUMS";
};

TEST_F(AVersionWithAnImage, IsSoundByItselfAndByItsImage) {
  const auto version = verify();
  EXPECT_EQ(version.code, 0) << version.out;
  EXPECT_THAT(version.out, HasSubstr("ok      images     2 files as SHA256SUMS says\n"));
  const auto image = verify({image_});
  EXPECT_EQ(image.code, 0) << image.out;
  EXPECT_THAT(image.out, AllOf(HasSubstr("ok      image      tiny.raw as tiny.json says\n"),
                               HasSubstr("ok      images     image and manifest as SHA256SUMS says\n")));
}

TEST_F(AVersionWithAnImage, FailsWhenOneByteOfTheImageIsAnother) {
  ASSERT_TRUE(write_file(image_, "the dusk"));
  const auto outcome = verify({image_});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr(std::format(
                               "FAILED  image      {}: cannot verify: expected the checksum {}, as {} says, "
                               "found {}\n",
                               image_.string(), Sha256::of("the disk").hex(), manifest_.string(),
                               Sha256::of("the dusk").hex())));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("ok      signature"), HasSubstr("FAILED  images")));
  EXPECT_EQ(verify().code, 3);
}

TEST_F(AVersionWithAnImage, FailsWhenOnlyTheListWasMadeToFitAnotherImage) {
  ASSERT_TRUE(write_file(image_, "the dusk"));
  write_list();
  const auto outcome = verify({image_});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("FAILED  image "), HasSubstr("ok      images")));
}

TEST_F(AVersionWithAnImage, FailsWhenItsManifestIsNotTheListedOne) {
  ASSERT_TRUE(write_file(manifest_, *read_file(manifest_) + "\n"));
  EXPECT_EQ(verify().code, 3);
  const auto outcome = verify({image_});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("FAILED  images     " + manifest_.string()));
}

TEST_F(AVersionWithAnImage, FailsForAFileThatItsManifestDoesNotName) {
  const auto other = out_ / "tiny.qcow2";
  ASSERT_TRUE(write_file(other, "the disk"));
  const auto outcome = verify({other});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("FAILED  image      " + other.string() + ": cannot verify: expected " +
                                     manifest_.string() + " to name it, it does not; its checksum is " +
                                     Sha256::of("the disk").hex()));
}

TEST_F(AVersionWithAnImage, FailsWithoutItsList) {
  fs::remove(list_);
  for (const auto& outcome : {verify(), verify({image_})}) {
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.out,
                HasSubstr("FAILED  images     " + list_.string() + ": cannot verify: there is no such list"));
  }
}

TEST_F(AVersionWithAnImage, FailsWithAnEmptyList) {
  ASSERT_TRUE(write_file(list_, ""));
  for (const auto& outcome : {verify(), verify({image_})}) {
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.out,
                HasSubstr("FAILED  images     " + list_.string() + ": cannot verify: it is empty"));
  }
}

TEST_F(AVersionWithAnImage, FailsWithAListThatDoesNotNameTheImage) {
  ASSERT_TRUE(write_file(list_, Sha256::of_file(manifest_)->hex() + "  tiny.json\n"));
  for (const auto& outcome : {verify(), verify({image_})}) {
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.out, HasSubstr("FAILED  images     " + image_.string() +
                                       ": cannot verify: expected " + list_.string() + " to name it"));
  }
}

TEST_F(AVersionWithAnImage, FailsWithAListOfSomethingElseThanChecksums) {
  ASSERT_TRUE(write_file(list_, "tiny.raw is fine\n"));
  EXPECT_EQ(verify().code, 3);
  EXPECT_EQ(verify({image_}).code, 3);
}

TEST_F(AVersionWithAnImage, NeedsNoListOnceItHasNoImages) {
  for (const auto& file : {image_, manifest_, list_}) fs::remove(file);
  const auto outcome = verify();
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("no images here"));
}

}  // namespace
}  // namespace stratify::image
