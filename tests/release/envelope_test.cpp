#include "release/envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stratify::release {
namespace {

using testing::HasSubstr;

const Envelope kEnvelope{.text = "{\n  \"a\": \"\xc3\xa4\\\"\"\n}\n",
                         .signatures = {std::string("\x00\xff", 2), "abc", "abcd"}};

TEST(AnEnvelope, HoldsExactlyWhatWasPacked) { EXPECT_EQ(unpack(pack(kEnvelope), "stable"), kEnvelope); }

TEST(AnEnvelope, GivesItsSignaturesAsOneSequence) {
  EXPECT_EQ(kEnvelope.joined_signatures(), std::string("\x00\xff", 2) + "abcabcd");
}

TEST(AnEnvelope, WithoutSignaturesCanBeRead) {
  EXPECT_EQ(unpack(R"({"signed": "x", "signatures": []})", "stable")->joined_signatures(), "");
}

class NoEnvelope : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(NoEnvelope, IsNamedAndRefused) {
  const auto envelope = unpack(GetParam().first, "stable");
  ASSERT_FALSE(envelope);
  EXPECT_EQ(envelope.error().category(), Category::kInvalidInput);
  EXPECT_THAT(envelope.error().message(), HasSubstr("stable: cannot read: " + GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Such, NoEnvelope,
    testing::Values(std::pair{"<html>Welcome to the hotel</html>", "it is not JSON"},
                    std::pair{"[]", "the document: expected an object"},
                    std::pair{"{}", "signed: expected a text"},
                    std::pair{R"({"signed": "x"})", "signatures: expected a list of at most 8"},
                    std::pair{R"({"signed": "x", "signatures": [1]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": [""]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": ["YWJj\n"]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": ["YWJ"]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": ["===="]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": ["YW=j"]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": ["Y*Jj"]})", "signatures: expected base64"},
                    std::pair{R"({"signed": "x", "signatures": ["","","","","","","","",""]})",
                              "signatures: expected a list"}));

TEST(AnEnvelope, BeyondItsBoundsIsNotRead) {
  EXPECT_THAT(unpack(std::string(kMostEnvelope + 1, ' '), "stable").error().message(),
              HasSubstr("more than"));
  const Envelope large{.text = "x", .signatures = {std::string(kMostSignature + 3, 'x')}};
  EXPECT_FALSE(unpack(pack(large), "stable"));
}

}  // namespace
}  // namespace stratify::release
