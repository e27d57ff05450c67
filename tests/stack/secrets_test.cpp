#include "stack/secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "platform/file.hpp"

namespace stratify::stack {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat about{};
  EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 07777U;
}

TEST(APassword, IsFiveGroupsOfFourSymbolsWithoutLookAlikes) {
  EXPECT_THAT(*make_password(), testing::MatchesRegex("([a-hjkmnp-tw-z2-9]{4}-){4}[a-hjkmnp-tw-z2-9]{4}"));
}

TEST(APassword, IsNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(*make_password()).second);
}

TEST(AHash, MatchesItsPasswordAndNoOther) {
  const auto hash = bcrypt_of("correct horse", 5);
  ASSERT_TRUE(hash) << hash.error().message();
  EXPECT_THAT(*hash, testing::StartsWith("$2y$05$"));
  EXPECT_TRUE(password_matches("correct horse", *hash));
  EXPECT_FALSE(password_matches("correct horsf", *hash));
  EXPECT_FALSE(password_matches("correct horse", ""));
}

TEST(AHash, OfTheSamePasswordDiffers) { EXPECT_NE(*bcrypt_of("a", 5), *bcrypt_of("a", 5)); }

TEST(AHash, OfAnImpossibleCostIsAnError) { EXPECT_FALSE(bcrypt_of("a", 99)); }

TEST(TheUsersFile, HoldsTheOwnersHashForRootAlone) {
  const auto root = TemporaryFolder::create(testing::TempDir());
  const auto password = make_secrets(root->path());
  ASSERT_TRUE(password) << password.error().message();
  const auto folder = root->path() / kSecretsFolder;
  const auto users = read_file(folder / "users").value_or("");
  ASSERT_THAT(users, testing::StartsWith("owner:$2y$10$"));
  EXPECT_TRUE(password_matches(*password, users.substr(6, users.size() - 7)));
  EXPECT_THAT(users, testing::Not(testing::HasSubstr(*password)));
  EXPECT_EQ(mode_of(folder / "users"), 0600U);
  EXPECT_EQ(mode_of(folder), 0700U);
}

}  // namespace
}  // namespace stratify::stack
