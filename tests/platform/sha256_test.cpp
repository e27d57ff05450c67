#include "platform/sha256.hpp"

#include <gtest/gtest.h>

namespace stratify {
namespace {

TEST(Sha256, MatchesTheStandardsExample) {
  EXPECT_EQ(Sha256::of("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, CanOnlyBeSixtyFourLowerCaseDigits) {
  EXPECT_TRUE(Sha256::parse(std::string(64, 'a')));
  EXPECT_FALSE(Sha256::parse(std::string(64, 'A')));
  EXPECT_FALSE(Sha256::parse(std::string(63, 'a')));
}

TEST(Sha256Stream, TellsFieldsApart) {
  EXPECT_NE(Sha256Stream().field("ab").field("c").finish(), Sha256Stream().field("a").field("bc").finish());
}

}  // namespace
}  // namespace stratify
