#include "updater/bound_images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace stratify::updater {
namespace {

using testing::ElementsAre;

class FakeStore final : public ContainerImages {
 public:
  std::set<std::string> held;
  std::string unreachable;
  std::vector<std::string> pulled;

  Result<bool> has_image(const std::string& name) override { return held.contains(name); }
  Result<void> pull_image(const std::string& name) override {
    if (name == unreachable) return fail(Category::kUnavailable, "pull", name, "no such host");
    pulled.push_back(name);
    held.insert(name);
    return {};
  }
  Result<void> remove_image(const std::string& name) override {
    held.erase(name);
    return {};
  }
};

class AVersionWithThreeImages : public testing::Test {
 protected:
  Result<void> pull() {
    return pull_missing(store_, images_, [&](std::string_view words) { said_.emplace_back(words); });
  }

  FakeStore store_;
  std::vector<BoundImage> images_{{"mail@sha256:1", 100}, {"office@sha256:2", 2000}, {"photos@sha256:3", 0}};
  std::vector<std::string> said_;
};

TEST_F(AVersionWithThreeImages, PullsThoseThatAreMissingAndSaysWhich) {
  store_.held = {"mail@sha256:1"};
  ASSERT_TRUE(pull());
  EXPECT_THAT(store_.pulled, ElementsAre("office@sha256:2", "photos@sha256:3"));
  EXPECT_THAT(
      said_, ElementsAre("fetching image 1 of 2: office@sha256:2", "fetching image 2 of 2: photos@sha256:3"));
}

TEST_F(AVersionWithThreeImages, GoesOnAfterAFailureWithoutFetchingAgain) {
  store_.unreachable = "office@sha256:2";
  EXPECT_EQ(pull().error().category(), Category::kUnavailable);
  store_.unreachable.clear();
  ASSERT_TRUE(pull());
  EXPECT_THAT(store_.pulled, ElementsAre("mail@sha256:1", "office@sha256:2", "photos@sha256:3"));
}

TEST_F(AVersionWithThreeImages, NeedsThreeTimesTheRoomOfThoseThatAreMissing) {
  EXPECT_EQ(room_for(missing_images(store_, images_).value()), 6300U);
  store_.held = {"office@sha256:2"};
  EXPECT_EQ(room_for(missing_images(store_, images_).value()), 300U);
}

}  // namespace
}  // namespace stratify::updater
