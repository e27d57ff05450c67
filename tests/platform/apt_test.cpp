#include "platform/apt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "tests/support/signed_archive.hpp"

namespace stratify::apt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::IndexedPackage;
using tests::SigningIdentity;
using tests::SuiteContent;

const std::vector<IndexedPackage> kPackages{
    {.name = "base", .fields = "Essential: yes\nPriority: required\n"},
    {.name = "needed", .fields = "Priority: required\n"},
    {.name = "apt", .fields = "Priority: required\n"},
    {.name = "library"},
    {.name = "server", .fields = "Depends: library (>= 1.0), mailer | other-mailer\nRecommends: manual\n"},
    {.name = "other-mailer", .fields = "Provides: mailer\n"},
    {.name = "manual"},
    {.name = "broken", .fields = "Depends: library (>= 2.0)\n"},
    {.name = "hollow", .fields = "Depends: nowhere\n"},
    {.name = "rival", .fields = "Conflicts: server\n"},
};

// Keys are made once: each takes a moment.
struct Keys {
  TemporaryFolder folder = TemporaryFolder::create(testing::TempDir()).value();
  SigningIdentity good{folder.path() / "good"};
  SigningIdentity other{folder.path() / "other"};
};

Keys& keys() {
  static Keys keys;
  return keys;
}

class AnArchive : public testing::Test {
 protected:
  void publish(SuiteContent content) { tests::write_suite(folder_.path() / "debian", content); }

  Source source(const std::string& suite = "stable") {
    return {.suite = suite,
            .archive = "debian",
            .uri = "file://" + (folder_.path() / "debian").string(),
            .components = {"main"},
            .keyring = keys().good.keyring(),
            .only = {}};
  }

  // Its indexes are copied, as from a server; of a file: address libapt-pkg keeps links alone, which change.
  Source copied_source() {
    auto result = source();
    result.uri = "copy:" + (folder_.path() / "debian").string();
    return result;
  }

  Result<Archive> open(std::vector<Source> sources) {
    return Archive::open({.folder = folder_.path() / "state",
                          .architecture = "amd64",
                          .sources = std::move(sources),
                          .on_progress = {}});
  }

  // Names and versions of a closure, or the error.
  std::vector<std::string> closure(std::vector<Source> sources, const std::vector<std::string>& names) {
    auto archive = open(std::move(sources));
    if (!archive) return {archive.error().message()};
    const auto packages = archive->closure("os", names);
    if (!packages) return {packages.error().message()};
    std::vector<std::string> result;
    for (const auto& package : *packages) result.push_back(package.name + " " + package.version);
    return result;
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
};

class ASignedArchive : public AnArchive {
 protected:
  ASignedArchive() { publish({.packages = kPackages, .signer = &keys().good}); }
};

TEST_F(ASignedArchive, GivesTheBaseTheNamesAndWhatTheyDependOnButNotWhatTheyRecommend) {
  EXPECT_THAT(closure({source()}, {"server"}),
              ElementsAre("base 1.0", "library 1.0", "needed 1.0", "other-mailer 1.0", "server 1.0"));
}

TEST_F(ASignedArchive, SaysWhereAPackageIsAndWhatItsContentMustBe) {
  const auto package = open({source()})->closure("os", {"manual"})->at(1);
  EXPECT_EQ(package.name, "manual");
  EXPECT_EQ(package.path, "pool/main/manual_1.0_amd64.deb");
  EXPECT_EQ(package.sha256, Sha256::of(package.path));
  EXPECT_EQ(package.size, 1000U);
  EXPECT_EQ(package.suite, "stable");
  EXPECT_EQ(package.archive, "debian");
}

TEST_F(ASignedArchive, IsAsOldAsItsIndex) { EXPECT_EQ(open({source()})->date(), 1767225600); }

TEST_F(ASignedArchive, NamesAPackageThatIsNotThere) {
  const auto error = open({source()})->closure("os", {"sever"}).error();
  EXPECT_EQ(error.category(), Category::kNotFound);
  EXPECT_EQ(error.message(),
            "os: cannot find package sever: no suite of the manifest has it; correct the name or add the "
            "suite that has it");
}

TEST_F(ASignedArchive, NamesTheDependencyThatIsTooOldAndTheTree) {
  EXPECT_THAT(closure({source()}, {"broken"}),
              ElementsAre("os: cannot resolve the packages of: broken 1.0 needs library (>= 2.0), which the "
                          "suites have only as 1.0"));
}

TEST_F(ASignedArchive, NamesTheDependencyThatDoesNotExist) {
  EXPECT_THAT(closure({source()}, {"hollow"}),
              ElementsAre("os: cannot resolve the packages of: hollow 1.0 needs nowhere, which no suite of "
                          "the manifest has"));
}

TEST_F(ASignedArchive, NamesPackagesThatExcludeEachOther) {
  EXPECT_THAT(closure({source()}, {"server", "rival"}),
              ElementsAre(AllOf(HasSubstr("rival"), HasSubstr("Conflicts server"))));
}

TEST_F(ASignedArchive, GivesFromASuiteWithAListOnlyWhatIsListed) {
  publish({.suite = "newer", .packages = {{"library", "2.0"}, {"manual", "2.0"}}, .signer = &keys().good});
  auto newer = source("newer");
  newer.only = {"manual"};
  EXPECT_THAT(closure({source(), newer}, {"library", "manual"}),
              ElementsAre("base 1.0", "library 1.0", "manual 2.0", "needed 1.0"));
}

TEST_F(ASignedArchive, TakesTheNewestOfSeveralSuites) {
  publish({.suite = "security", .packages = {{"library", "1.0+deb1"}}, .signer = &keys().good});
  EXPECT_THAT(closure({source(), source("security")}, {"library"}),
              ElementsAre("base 1.0", "library 1.0+deb1", "needed 1.0"));
}

TEST_F(ASignedArchive, IsRefusedWhenAnotherKeySigned) {
  auto other = source();
  other.keyring = keys().other.keyring();
  const auto archive = open({other});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().category(), Category::kVerification);
}

TEST_F(ASignedArchive, IsRefusedWhenItsIndexWasChanged) {
  ASSERT_TRUE(
      write_file(folder_.path() / "debian/dists/stable/main/binary-amd64/Packages", "Package: evil\n"));
  const auto archive = open({source()});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().category(), Category::kVerification);
}

TEST_F(ASignedArchive, IsRefusedWhenItLosesItsSignature) {
  ASSERT_TRUE(open({source()}));
  std::filesystem::remove(folder_.path() / "debian/dists/stable/InRelease");
  EXPECT_FALSE(open({source()}));
}

TEST_F(ASignedArchive, MustHaveItsKeyring) {
  auto without = source();
  without.keyring = "/nowhere/keyring.gpg";
  const auto archive = open({without});
  ASSERT_FALSE(archive);
  EXPECT_THAT(archive.error().message(),
              HasSubstr("/nowhere/keyring.gpg: cannot read the keyring of stable: no such file"));
}

TEST_F(AnArchive, IsRefusedWithoutASignature) {
  publish({.packages = kPackages});
  const auto archive = open({source()});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().category(), Category::kVerification);
}

TEST_F(AnArchive, IsRefusedWhenItIsOutOfDate) {
  publish({.packages = kPackages,
           .release_fields = "Valid-Until: Fri, 02 Jan 2026 00:00:00 UTC\n",
           .signer = &keys().good});
  const auto archive = open({source()});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().category(), Category::kVerification);
}

// The suite "stable", in whose place stands what the same key signed for another one.
class AnArchiveOfAnotherSuite : public AnArchive {
 protected:
  void publish_as(const std::string& names, const std::string& date = "Thu, 01 Jan 2026 00:00:00 UTC") {
    publish({.packages = kPackages, .signer = &keys().good, .names = names, .date = date});
  }
};

TEST_F(AnArchiveOfAnotherSuite, IsRefusedThoughAKeyOfTheKeyringSignedIt) {
  publish_as("Suite: oldstable\nCodename: bookworm\n");
  const auto archive = open({source()});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().category(), Category::kVerification);
  EXPECT_THAT(
      archive.error().message(),
      AllOf(HasSubstr("debian/dists/stable: cannot use: expected the index of stable, found one whose "
                      "codename is bookworm and whose suite is oldstable;"),
            HasSubstr("take another one")));
}

TEST_F(AnArchiveOfAnotherSuite, IsRefusedWhenItDoesNotSayWhatItIs) {
  publish_as("");
  const auto archive = open({source()});
  ASSERT_FALSE(archive);
  EXPECT_THAT(archive.error().message(),
              HasSubstr("found one whose codename is none and whose suite is none"));
}

TEST_F(AnArchiveOfAnotherSuite, IsRefusedEachTimeAndNotRememberedOnceTheRightOneIsBack) {
  publish_as("Suite: stable-security\nCodename: stable-security\n");
  EXPECT_FALSE(open({source()}));
  EXPECT_FALSE(open({source()}));
  publish({.packages = kPackages, .signer = &keys().good});
  const auto archive = open({source()});
  EXPECT_TRUE(archive) << archive.error().message();
}

TEST_F(AnArchiveOfAnotherSuite, IsRefusedWhenTheRightOneWasSeenBeforeWhichStaysKnown) {
  publish({.packages = kPackages, .signer = &keys().good});
  ASSERT_TRUE(open({copied_source()}));
  publish_as("Suite: oldstable\nCodename: bookworm\n", "Fri, 02 Jan 2026 00:00:00 UTC");
  const auto archive = open({copied_source()});
  ASSERT_FALSE(archive);
  EXPECT_THAT(archive.error().message(), HasSubstr("from 'stable' to 'bookworm'"));
  EXPECT_EQ(archive.error().category(), Category::kVerification);
  publish(
      {.packages = {{"library", "0.9"}}, .signer = &keys().good, .date = "Mon, 01 Dec 2025 00:00:00 UTC"});
  EXPECT_THAT(closure({copied_source()}, {"library"}), ElementsAre("base 1.0", "library 1.0", "needed 1.0"));
}

TEST_F(AnArchiveOfAnotherSuite, IsTheRightOneWhenEitherNameIsTheOneAskedFor) {
  publish_as("Suite: stable\nCodename: trixie\n");
  EXPECT_TRUE(open({source()}));
  publish({.suite = "trixie-security",
           .packages = kPackages,
           .signer = &keys().good,
           .names = "Suite: stable-security\nCodename: trixie-security\n"});
  EXPECT_TRUE(open({source("trixie-security")}));
}

TEST(Versions, AreOrderedAsDebianOrdersThem) {
  EXPECT_TRUE(compare_versions("1.9", "1.10") < 0);
  EXPECT_TRUE(compare_versions("1:1.0", "2.0") > 0);
  EXPECT_TRUE(compare_versions("2.11~bpo13+1", "2.11") < 0);
  EXPECT_TRUE(compare_versions("1.0-1", "1.0-1") == 0);
}

TEST_F(ASignedArchive, IsNotTakenBackToAnOlderIndexThanWasSeen) {
  const auto copied = copied_source();
  ASSERT_TRUE(open({copied}));
  publish(
      {.packages = {{"library", "0.9"}}, .signer = &keys().good, .date = "Mon, 01 Dec 2025 00:00:00 UTC"});
  EXPECT_THAT(closure({copied}, {"library"}), ElementsAre("base 1.0", "library 1.0", "needed 1.0"));
  publish(
      {.packages = {{"library", "1.1"}}, .signer = &keys().good, .date = "Fri, 02 Jan 2026 00:00:00 UTC"});
  EXPECT_THAT(closure({copied}, {"library"}), ElementsAre("library 1.1"));
}

TEST_F(AnArchive, IsNotFoundWhereThereIsNone) {
  const auto archive = open({source("nonesuch")});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().category(), Category::kNotFound);
}

class AnAptConfiguration : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  std::filesystem::path etc_ = folder_.path();
};

TEST_F(AnAptConfiguration, GivesTheAddressesOfBothFormats) {
  ASSERT_TRUE(
      write_file(etc_ / "sources.list", "# old\ndeb [arch=amd64] http://one.example/debian trixie main\n"));
  ASSERT_TRUE(write_file(
      etc_ / "sources.list.d/a.sources",
      "Types: deb\nURIs: https://two.example/debian-security\nSuites: trixie-security\nComponents: main\n\n"
      "Types: deb\nURIs: https://three.example/debian\nSuites: sid\nComponents: main\nEnabled: no\n"));
  EXPECT_THAT(*configured_uris(etc_),
              ElementsAre("http://one.example/debian/", "https://two.example/debian-security/"));
}

}  // namespace
}  // namespace stratify::apt
