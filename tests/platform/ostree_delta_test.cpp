#include "platform/ostree_delta.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/ostree_pull.hpp"
#include "tests/platform/signed_versions.hpp"

namespace stratify::ostree {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ADeltaFile : public SignedVersions {
 protected:
  void SetUp() override {
    SignedVersions::SetUp();
    make_delta_file(web_.path(), *new_, file_).value();
  }
  Result<void> apply(const DeltaLimits& limits = {}) const { return apply_for(*new_, limits); }
  Result<void> apply_for(const Sha256& commit, const DeltaLimits& limits = {}) const {
    return apply_delta_file(machine_, file_, {.commit = commit, .keyrings = {keyring_}, .limits = limits});
  }
  void expect_refused(const Result<void>& result, Category category) const {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().category(), category) << result.error().message();
    EXPECT_FALSE(machine_has(*new_));
    EXPECT_EQ(has_complete_commit(machine_, *new_).value_or(false), false);
  }
  fs::path file_ = folder_.path() / "new.delta";
};

TEST_F(ADeltaFile, SaysWhatIsInIt) {
  const auto header = read_delta_header(file_);
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->to, *new_);
  EXPECT_FALSE(header->from);
  EXPECT_EQ(header->parts, 1U);
  EXPECT_EQ(header->objects, 11U);  // nine files, the folder and its attributes; the commit is beside them
  EXPECT_GT(header->uncompressed_bytes, 200'000U);
  EXPECT_LT(header->compressed_bytes, fs::file_size(file_));
}

TEST_F(ADeltaFile, BringsAVersionToAMachineWithoutANetwork) {
  const auto applied = apply();
  ASSERT_TRUE(applied) << applied.error().message();
  EXPECT_TRUE(machine_has(*new_));
  EXPECT_EQ(has_complete_commit(machine_, *new_), true);
}

TEST_F(ADeltaFile, MayBeAppliedAgain) {
  ASSERT_TRUE(apply());
  EXPECT_TRUE(apply());
}

TEST_F(ADeltaFile, OfAnotherVersionIsRefused) { expect_refused(apply_for(*old_), Category::kVerification); }

TEST_F(ADeltaFile, SignedByAnotherIsRefused) {
  write_file(keyring_, other_key().public_key()).value();
  const auto refused = apply();
  expect_refused(refused, Category::kVerification);
  EXPECT_FALSE(Repository::open(machine_)->root_of(*new_));
}

TEST_F(ADeltaFile, WithoutASignatureIsRefused) {
  fs::remove(web_.path() / "objects" / new_->hex().substr(0, 2) / (new_->hex().substr(2) + ".commitmeta"));
  make_delta_file(web_.path(), *new_, file_).value();
  expect_refused(apply(), Category::kVerification);
}

TEST_F(ADeltaFile, ThatIsCutShortIsRefused) {
  const auto whole = read_file(file_).value();
  for (const auto size : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    ASSERT_TRUE(write_file(file_, std::string_view(whole).substr(0, size)));
    EXPECT_FALSE(apply()) << size;
    EXPECT_FALSE(machine_has(*new_)) << size;
  }
}

TEST_F(ADeltaFile, ThatIsDamagedAnywhereIsRefused) {
  const auto whole = read_file(file_).value();
  for (std::size_t at = 1000; at < whole.size() - 1000; at += whole.size() / 7) {
    auto damaged = whole;
    damaged[at] ^= 0x20;
    ASSERT_TRUE(write_file(file_, damaged));
    EXPECT_FALSE(apply()) << at;
    EXPECT_FALSE(machine_has(*new_)) << at;
  }
}

TEST_F(ADeltaFile, ThatAnnouncesMoreThanIsAllowedIsRefused) {
  expect_refused(apply({.uncompressed_bytes = 190'000}), Category::kInvalidInput);
}

TEST_F(ADeltaFile, ThatGrowsBeyondWhatIsAllowedIsRefused) {
  const auto refused = apply({.part_bytes = 100'000});
  expect_refused(refused, Category::kInvalidInput);
  EXPECT_THAT(refused.error().message(), HasSubstr("grows larger"));
}

TEST_F(ADeltaFile, ThatNeedsTooMuchMemoryIsRefused) {
  expect_refused(apply({.memory = 1024}), Category::kInvalidInput);
}

TEST_F(ADeltaFile, IsNotAnyFile) {
  ASSERT_TRUE(write_file(file_, noise(100'000, 7)));
  expect_refused(apply(), Category::kInvalidInput);
  EXPECT_EQ(read_delta_header("/dev/zero").error().category(), Category::kInvalidInput);
  EXPECT_EQ(read_delta_header(folder_.path() / "nothing").error().category(), Category::kNotFound);
}

}  // namespace
}  // namespace stratify::ostree
