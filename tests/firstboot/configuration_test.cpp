#include "firstboot/configuration.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::firstboot {
namespace {

class TheConfiguration : public testing::Test {
 protected:
  Result<std::optional<stack::Domain>> with(std::string_view text) {
    EXPECT_TRUE(write_file(file_, text));
    return configured_domain(file_);
  }
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  std::filesystem::path file_ = folder_.path() / "cloud.yaml";
  stack::Domain domain_ = stack::Domain::parse("cloud.test").value();
};

TEST_F(TheConfiguration, NamesNoDomainBeforeTheClaim) {
  EXPECT_EQ(configured_domain(file_).value(), std::nullopt);
  EXPECT_EQ(with("").value(), std::nullopt);
  EXPECT_EQ(with("# nothing yet\n").value(), std::nullopt);
  EXPECT_EQ(with("profile: core\n").value(), std::nullopt);
}

TEST_F(TheConfiguration, NamesTheDomainThatWasWritten) {
  EXPECT_EQ(with(with_domain("", domain_)).value(), domain_);
}

TEST_F(TheConfiguration, IsAnErrorWhenItCannotBeUnderstood) {
  EXPECT_FALSE(with("domain: [a\n"));
  EXPECT_FALSE(with("domain: co.uk\n"));
  EXPECT_FALSE(with("domain: [a, b]\n"));
  EXPECT_FALSE(with("just text\n"));
}

TEST_F(TheConfiguration, KeepsWhatTheOwnerWroteBefore) {
  EXPECT_EQ(with_domain("profile: core\n", domain_), "domain: cloud.test\nprofile: core\n");
  EXPECT_EQ(with_domain("profile: core\ndomain: old.test\nx: 1\n", domain_),
            "profile: core\ndomain: cloud.test\nx: 1\n");
  EXPECT_EQ(with_domain("domain:\n", domain_), "domain: cloud.test\n");
  EXPECT_EQ(with_domain("x: 1\ndomain: old.test", domain_), "x: 1\ndomain: cloud.test\n");
}

}  // namespace
}  // namespace stratify::firstboot
