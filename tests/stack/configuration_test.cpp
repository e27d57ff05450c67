#include "stack/configuration.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::stack {
namespace {

TEST(CloudYaml, HoldsTheDomainAndNothingElseAfterTheClaim) {
  const auto configuration = parse_configuration("domain: example.org\n", "cloud.yaml");
  ASSERT_TRUE(configuration) << configuration.error().message();
  EXPECT_EQ(configuration->domain.ascii(), "example.org");
  EXPECT_EQ(configuration->acme_ca, "");
}

TEST(CloudYaml, ThatIsNotThereMeansUnclaimed) {
  const auto root = TemporaryFolder::create(testing::TempDir());
  const auto configuration = load_configuration(root->path());
  ASSERT_TRUE(configuration);
  EXPECT_FALSE(configuration->has_value());
}

TEST(CloudYaml, ThatCannotBeReadIsNotUnclaimed) {
  const auto root = TemporaryFolder::create(testing::TempDir());
  ASSERT_TRUE(make_folders(root->path() / kConfigurationFile));
  EXPECT_FALSE(load_configuration(root->path()));
}

struct Wrong {
  std::string what;
  std::string text;
  std::string message;
};

class AWrongCloudYaml : public testing::TestWithParam<Wrong> {};

TEST_P(AWrongCloudYaml, IsRefusedAtItsPlace) {
  const auto configuration = parse_configuration(GetParam().text, "cloud.yaml");
  ASSERT_FALSE(configuration);
  EXPECT_EQ(configuration.error().category(), Category::kInvalidInput);
  EXPECT_EQ(configuration.error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AWrongCloudYaml,
    testing::Values(
        Wrong{"Empty", "", "cloud.yaml: expected a map, found nothing"},
        Wrong{"NoMap", "example.org\n", "cloud.yaml:1:1: expected a map, found \"example.org\""},
        Wrong{"NoDomain", "{}\n", "cloud.yaml:1:1: the key \"domain\" is missing"},
        Wrong{"EmptyDomain", "domain:\n", "cloud.yaml:1:1: expected a domain, found nothing"},
        Wrong{"Misspelt", "domian: example.org\n",
              "cloud.yaml:1:1: unknown key \"domian\"; did you mean \"domain\"?"},
        Wrong{"Twice", "domain: example.org\ndomain: example.net\n",
              "cloud.yaml:2:1: the key \"domain\" is given twice"},
        Wrong{"PlainAuthority", "domain: example.org\nacme_ca: http://ca.example.org/\n",
              "cloud.yaml:2:10: expected a URL that begins with https://, found \"http://ca.example.org/\""},
        Wrong{"AuthorityWithBrace", "domain: example.org\nacme_ca: \"https://ca/{env.HOME}\"\n",
              "cloud.yaml:2:10: expected a URL that begins with https://, found \"https://ca/{env.HOME}\""},
        Wrong{"NoCertificate", "domain: example.org\nacme_ca_root: /etc/ca.pem\n",
              "cloud.yaml:2:15: expected a PEM certificate (-----BEGIN CERTIFICATE----- ...)"},
        Wrong{"NoYaml", "domain: [example.org\n",
              "cloud.yaml:2:1: not YAML: end of sequence flow not found"}),
    [](const auto& row) { return row.param.what; });

}  // namespace
}  // namespace stratify::stack
