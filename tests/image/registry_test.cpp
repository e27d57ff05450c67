#include "image/publish/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/sha256.hpp"
#include "tests/support/fake_process.hpp"

namespace stratify::image {
namespace {

using testing::HasSubstr;

constexpr const char* kReference = "registry.example.org/office";
constexpr const char* kManifest = R"({"config": {"size": 400}, "layers": [{"size": 1000}, {"size": 30}]})";

std::string digest_of(const std::string& manifest) { return "sha256:" + Sha256::of(manifest).hex(); }

// As skopeo prints what a registry has.
class AnImageInARegistry : public testing::Test {
 protected:
  std::string has(const std::string& manifest) {
    auto digest = digest_of(manifest);
    skopeo_.answer(command(digest), {.out = manifest});
    return digest;
  }

  static std::string command(const std::string& digest) {
    return std::string("skopeo inspect --raw --no-creds docker://") + kReference + "@" + digest;
  }

  Result<std::uint64_t> bytes(const std::string& digest) {
    return bytes_in_registry(skopeo_, {.reference = kReference, .digest = digest}, "amd64");
  }

  tests::FakeProcessRunner skopeo_;
};

TEST_F(AnImageInARegistry, WeighsWhatItsLayersAndItsConfigurationDo) {
  EXPECT_EQ(bytes(has(kManifest)), 1430U);
}

std::string index_of(const std::string& digest, const std::string& architecture) {
  return R"({"manifests": [{"digest": "sha256:other", "platform": {"os": "linux", "architecture": "s390x"}},
                           {"digest": ")" +
         digest + R"(", "platform": {"os": "linux", "architecture": ")" + architecture + R"("}}]})";
}

TEST_F(AnImageInARegistry, OfAnIndexWeighsWhatTheOneForTheArchitectureDoes) {
  EXPECT_EQ(bytes(has(index_of(has(kManifest), "amd64"))), 1430U);
}

TEST_F(AnImageInARegistry, ThatIsForNoSuchArchitectureIsRefused) {
  const auto refused = bytes(has(index_of(has(kManifest), "arm64")));
  EXPECT_EQ(refused.error().category(), Category::kInvalidInput);
  EXPECT_THAT(refused.error().message(), HasSubstr("it holds no image for linux on amd64"));
}

TEST_F(AnImageInARegistry, ThatIsNoImageIsRefused) {
  EXPECT_EQ(bytes(has(R"({"layers": []})")).error().category(), Category::kInvalidInput);
  EXPECT_EQ(bytes(has("[]")).error().category(), Category::kInvalidInput);
  EXPECT_EQ(bytes(has("<html>")).error().category(), Category::kInvalidInput);
}

TEST_F(AnImageInARegistry, OfAnotherDigestIsRefused) {
  const auto digest = digest_of(kManifest);
  skopeo_.answer(command(digest), {.out = std::string(kManifest) + " "});
  EXPECT_EQ(bytes(digest).error().category(), Category::kVerification);
}

TEST_F(AnImageInARegistry, ThatIsNotThereIsToBePushedFirst) {
  const auto digest = digest_of(kManifest);
  skopeo_.answer(command(digest), {.exit_code = 2, .err = "manifest unknown"});
  EXPECT_EQ(bytes(digest).error().category(), Category::kNotFound);
  EXPECT_THAT(bytes(digest).error().message(), HasSubstr("push it there first"));
}

TEST_F(AnImageInARegistry, ThatDoesNotAnswerIsToldInItsWords) {
  const auto digest = digest_of(kManifest);
  skopeo_.answer(command(digest), {.exit_code = 1, .err = R"(time="2026" level=fatal msg="no such host")"});
  EXPECT_EQ(bytes(digest).error().category(), Category::kUnavailable);
  EXPECT_THAT(bytes(digest).error().message(), HasSubstr(R"("no such host"; check the name)"));
}

}  // namespace
}  // namespace stratify::image
