#include "image/downgrades.hpp"

#include <gtest/gtest.h>

namespace stratify::image {
namespace {

LockedPackage package(const std::string& name, const std::string& version, std::vector<std::string> images) {
  return {.name = name,
          .version = version,
          .architecture = "amd64",
          .suite = "trixie",
          .archive = "debian",
          .path = "pool/main/" + name + ".deb",
          .sha256 = Sha256::of(name + version),
          .size = 1000,
          .images = std::move(images)};
}

std::string lower(std::vector<LockedPackage> before, std::vector<LockedPackage> after) {
  return names_of(downgrades({.packages = std::move(before)}, {.packages = std::move(after)}));
}

TEST(TwoLocks, HaveLowerVersionsNamedWithBoth) {
  EXPECT_EQ(lower({package("a", "1:1.0", {"os"}), package("b", "1.10", {"os"}), package("c", "1", {"os"})},
                  {package("a", "2.0", {"os"}), package("b", "1.9", {"os"}), package("c", "2", {"os"})}),
            "a 1:1.0 -> 2.0, b 1.10 -> 1.9");
}

TEST(TwoLocks, WithNothingLowerGiveNone) {
  EXPECT_EQ(lower({package("a", "1", {"os"}), package("b", "2", {"os"})},
                  {package("a", "1.1", {"os"}), package("c", "0.1", {"os"})}),
            "");
}

TEST(TwoLocks, AreComparedTreeByTree) {
  const auto old = {package("a", "1", {"os"}), package("a", "2", {"web"})};
  EXPECT_EQ(lower(old, {package("a", "1", {"os"}), package("a", "2", {"web"})}), "");
  EXPECT_EQ(lower(old, {package("a", "1", {"os", "web"})}), "a 2 -> 1");
}

TEST(TwoLocks, GiveATreeThatHadNoneNothingLowerThanAnyTreeHad) {
  EXPECT_EQ(lower({package("a", "2", {"os"})}, {package("a", "1", {"web"})}), "a 2 -> 1");
  EXPECT_EQ(lower({package("a", "2", {"os"})}, {package("a", "2", {"os", "web"})}), "");
}

TEST(TwoLocks, GiveANewTreeTheLowerVersionThatAnotherTreeHas) {
  const auto old = {package("a", "1", {"os"}), package("a", "2", {"web"})};
  EXPECT_EQ(lower(old, {package("a", "1", {"mail", "os"}), package("a", "2", {"web"})}), "");
}

}  // namespace
}  // namespace stratify::image
