// Real podman and a real registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/podman.hpp"
#include "tests/support/registry.hpp"

namespace stratify {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class PodmanWithARegistry : public testing::Test {
 protected:
  void SetUp() override { tests::wait_for_answer(UnixSocket{socket_}); }

  [[nodiscard]] std::vector<std::string> command() const {
    const auto folder = folder_.path().string();
    return {"podman",
            "--root=" + folder + "/store",
            "--runroot=" + folder + "/run",
            "--storage-driver=vfs",
            "--log-level=error",
            "system",
            "service",
            "--time=0",
            "unix://" + socket_.string()};
  }

  // The name of an image that the registry does not have.
  static std::string unknown_name() { return "127.0.0.1:5000/office@sha256:" + std::string(64, 'a'); }

  tests::Registry registry_;
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  std::filesystem::path socket_ = folder_.path() / "podman.sock";
  tests::Background service_{command()};
  PodmanSocket podman_{socket_};
};

TEST_F(PodmanWithARegistry, PullsAnImageByItsDigest) {
  const auto image = registry_.push("mail");
  EXPECT_EQ(podman_.has_image(image.name()), false);
  const auto pulled = podman_.pull_image(image.name());
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_EQ(podman_.has_image(image.name()), true);
  EXPECT_EQ(podman_.has_image(unknown_name()), false);
}

TEST_F(PodmanWithARegistry, PullsAnImageByTheDigestOfItsIndex) {
  const auto image = registry_.push_index("mail");
  const auto pulled = podman_.pull_image(image.name());
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_EQ(podman_.has_image(image.name()), true);
}

TEST_F(PodmanWithARegistry, AsksItForNothingThatIsThere) {
  const auto image = registry_.push("mail");
  ASSERT_TRUE(podman_.pull_image(image.name()));
  registry_.stop();
  EXPECT_TRUE(podman_.pull_image(image.name()));
}

TEST_F(PodmanWithARegistry, SaysThatItHasNoImageOfADigest) {
  const auto pulled = podman_.pull_image(unknown_name());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().category(), Category::kUnavailable);
  EXPECT_THAT(pulled.error().message(), AllOf(HasSubstr("cannot pull"), HasSubstr("manifest unknown")));
}

TEST_F(PodmanWithARegistry, RefusesWhatHasAnotherDigest) {
  const auto image = registry_.push("mail");
  registry_.damage(image);
  const auto pulled = podman_.pull_image(image.name());
  ASSERT_FALSE(pulled);
  EXPECT_THAT(pulled.error().message(), HasSubstr("does not match"));
  EXPECT_EQ(podman_.has_image(image.name()), false);
}

TEST_F(PodmanWithARegistry, SaysThatItCannotBeReached) {
  const auto image = registry_.push("mail");
  registry_.stop();
  const auto pulled = podman_.pull_image(image.name());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().category(), Category::kUnavailable);
  EXPECT_THAT(pulled.error().message(),
              AllOf(HasSubstr("connection refused"), HasSubstr("whether this machine reaches the registry")));
}

TEST_F(PodmanWithARegistry, RemovesAnImage) {
  const auto image = registry_.push("mail");
  ASSERT_TRUE(podman_.pull_image(image.name()));
  EXPECT_TRUE(podman_.remove_image(image.name()));
  EXPECT_EQ(podman_.has_image(image.name()), false);
  EXPECT_EQ(podman_.remove_image(image.name()).error().category(), Category::kNotFound);
}

}  // namespace
}  // namespace stratify
