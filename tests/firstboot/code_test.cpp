#include "firstboot/code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

namespace stratify::firstboot {
namespace {

// The letters 0, 1, 2, ... of the alphabet.
void fill_counting(std::span<std::byte> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
}

TEST(AClaimCode, HasFourLettersAHyphenAndFourMore) {
  EXPECT_EQ(ClaimCode::make(fill_counting).shown(), "0123-4567");
  const std::regex shape("[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}");
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(std::regex_match(ClaimCode::make(fill_randomly).shown(), shape));
}

TEST(AClaimCode, IsAnotherOneEachTime) {
  std::set<std::string> codes;
  for (int i = 0; i < 1000; ++i) codes.insert(ClaimCode::make(fill_randomly).shown());
  EXPECT_EQ(codes.size(), 1000);
}

TEST(AClaimCode, AcceptsWhatPeopleTypeForIt) {
  const auto code = ClaimCode::make(fill_counting);
  for (const auto* typed :
       {"0123-4567", "01234567", "o123 4567", "OI23-4567", "ol23-4567", " 0 1 2 3 4 5 6 7 "}) {
    EXPECT_TRUE(code.matches(typed)) << typed;
  }
}

TEST(AClaimCode, RefusesEverythingElse) {
  const auto code = ClaimCode::make(fill_counting);
  for (const auto* typed : {"", "-", "0123-456", "0123-4568", "0123-45670", "01234567\n", "0123456"}) {
    EXPECT_FALSE(code.matches(typed)) << typed;
  }
  EXPECT_FALSE(code.matches(std::string(1000000, ' ') + "01234567"));
}

TEST(ASessionToken, HasThirtyTwoHexadecimalDigits) {
  EXPECT_EQ(make_token(fill_counting).reveal(), "000102030405060708090a0b0c0d0e0f");
}

TEST(ASecret, LeavesNothingBehindWhenMoved) {
  Secret secret(std::string(100, 'x'));
  const char* memory = secret.reveal().data();
  const Secret moved = std::move(secret);
  EXPECT_EQ(moved.reveal().data(), memory);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): this is the promise
}

}  // namespace
}  // namespace stratify::firstboot
