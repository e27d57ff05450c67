#include "release/channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/release/lists.hpp"

namespace stratify::release {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Channel full_list() {
  auto second = tests::barrier(2);
  second.images = {{.reference = "registry.example.org/cloud",
                    .digest = "sha256:" + Sha256::of("image").hex(),
                    .bytes = 5000}};
  second.updates = {{.from = tests::commit_of("1.1"),
                     .objects = 3,
                     .bytes = 400,
                     .delta_bytes = 100,
                     .installed_bytes = 800}};
  second.notes = "Mail is faster.\n\"Quoted\" \xc3\xa4";
  second.delta_file =
      DeltaFile{.name = "openhaven-1.2-amd64.delta", .bytes = 9, .sha256 = Sha256::of("file")};
  second.rollout.hours = 48;
  return tests::channel({tests::release(1), second});
}

TEST(AList, ComesBackAsItWasWritten) {
  EXPECT_EQ(parse_channel(to_json(full_list()), "stable"), full_list());
}

TEST(AList, IsReadableText) {
  EXPECT_THAT(to_json(full_list()),
              StartsWith("{\n  \"format\": 1,\n  \"channel\": \"stable\",\n  \"serial\": 7,\n"));
  EXPECT_THAT(to_json(full_list()), HasSubstr("      \"version\": \"1.1\",\n      \"number\": 1,\n"));
  EXPECT_THAT(to_json(full_list()), HasSubstr("      \"images\": [],\n"));
}

TEST(AList, FindsARelease) {
  const auto list = full_list();
  EXPECT_EQ(list.find(tests::commit_of("1.2")), &list.newest());
  EXPECT_EQ(list.find(tests::commit_of("2.0")), nullptr);
}

TEST(AList, IsNotThatOfAnotherChannel) {
  EXPECT_EQ(parse_channel(to_json(full_list()), "next").error().message(),
            "channel next: cannot read: channel: expected next");
}

TEST(AList, MayHoldKeysThatALaterPublisherWrites) {
  auto text = to_json(full_list());
  text.insert(text.find("\"serial\""), "\"colour\": [\"blue\"], ");
  EXPECT_EQ(parse_channel(text, "stable"), full_list());
}

TEST(AList, OfBeforeImagesHadASizeIsStillRead) {
  auto text = to_json(full_list());
  const std::string size = ",\n          \"bytes\": 5000";
  ASSERT_NE(text.find(size), std::string::npos) << text;
  text.erase(text.find(size), size.size());
  EXPECT_EQ(parse_channel(text, "stable").value().newest().images.at(0).bytes, 0U);
}

struct Mistake {
  std::string what;         // in the text of full_list
  std::string replacement;  // of its first occurrence
  std::string message;
};

class AListWithAMistake : public testing::TestWithParam<Mistake> {};

TEST_P(AListWithAMistake, IsRefusedByTheKeyThatIsWrong) {
  auto text = to_json(full_list());
  const auto at = text.find(GetParam().what);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().what.size(), GetParam().replacement);
  const auto list = parse_channel(text, "stable");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().category(), Category::kInvalidInput);
  EXPECT_THAT(list.error().message(), HasSubstr("channel stable: cannot read: " + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Of, AListWithAMistake,
    testing::Values(
        Mistake{"\"format\": 1", "\"format\": 2", "format: expected 1; a newer version"},
        Mistake{"\"serial\": 7", "\"serial\": -7",
                "serial: expected a whole number from 0 to 9007199254740991"},
        Mistake{"\"serial\": 7", "\"serial\": 7.5", "serial: expected a whole number"},
        Mistake{"\"serial\": 7", "\"serial\": \"7\"", "serial: expected a whole number"},
        Mistake{"\"serial\": 7,", "", "serial: expected a whole number"},
        Mistake{"\"issued\": 1", "\"issued\": 999999999999", "issued: expected a time in seconds since 1970"},
        Mistake{"\"expires\": 1", "\"expires\": ", "expires: expected a later time than issued"},
        Mistake{"\"version\": \"1.1\"", "\"version\": \"../1\"",
                "releases[0].version: expected a name of letters"},
        Mistake{"\"version\": \"1.1\"", "\"version\": \"\"",
                "releases[0].version: expected a name of letters"},
        Mistake{"\"number\": 1,", "\"number\": 2,",
                "releases[1].number: expected more than that of the release"},
        Mistake{"\"timestamp\": 1", "\"timestamp\": 2", "releases[1].timestamp: expected a later time than"},
        Mistake{tests::commit_of("1.1").hex(), tests::commit_of("1.2").hex(),
                "releases[1].commit: expected one that is listed once"},
        Mistake{"\"commit\": \"", "\"commit\": \"X", "releases[0].commit: expected a SHA-256 of 64"},
        Mistake{"\"barrier\": false", "\"barrier\": 0", "releases[0].barrier: expected true or false"},
        Mistake{"\"hours\": 48", "\"hours\": 9000",
                "releases[1].rollout.hours: expected a whole number from 0 to 8760"},
        Mistake{"\"rollout\": {", "\"rolls\": {", "releases[0].rollout: expected an object"},
        Mistake{"\"bytes\": 5000", "\"bytes\": -1", "releases[1].images[0].bytes: expected a whole number"},
        Mistake{"sha256:", "md5:", "releases[1].images[0].digest: expected sha256: and 64"},
        Mistake{"openhaven-1.2-amd64.delta", "a/b",
                "releases[1].delta_file.name: expected a name of letters"},
        Mistake{"\"images\": []", "\"images\": [1]", "releases[0].images[0]: expected an object"},
        Mistake{"\"notes\": \"\"", "\"notes\": null",
                "releases[0].notes: expected a text of at most 8192 bytes"},
        Mistake{"{", "[", "it is not JSON"}));

TEST(AList, OfNothingIsRefused) {
  EXPECT_THAT(parse_channel(to_json(tests::channel({})), "stable").error().message(),
              HasSubstr("releases: expected at least one"));
}

TEST(AList, OfMoreThanAThousandReleasesIsRefused) {
  std::vector<Release> releases;
  for (std::uint64_t number = 1; number <= kMostReleases + 1; ++number)
    releases.push_back(tests::release(number));
  EXPECT_THAT(parse_channel(to_json(tests::channel(releases)), "stable").error().message(),
              HasSubstr("releases: expected a list of at most 1000 objects"));
}

TEST(AList, LongerThanItsBoundIsNotRead) {
  EXPECT_THAT(parse_channel(std::string(kMostText + 1, ' '), "stable").error().message(),
              HasSubstr("it has more than 1048576 bytes"));
}

TEST(AList, NestedDeeperThanListsAreIsRefused) {
  auto text = to_json(full_list());
  text.insert(text.find("\"serial\""), R"("colour": [[[[[[[[1]]]]]]]], )");
  EXPECT_THAT(parse_channel(text, "stable").error().message(), HasSubstr("it is not JSON"));
  EXPECT_FALSE(parse_channel(std::string(100'000, '['), "stable"));
}

}  // namespace
}  // namespace stratify::release
