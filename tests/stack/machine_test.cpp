#include "stack/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::stack {
namespace {

TEST(AnAddress, IsGlobalOnlyWhereEverybodyCanReachIt) {
  for (const auto* text : {"8.8.8.8", "1.1.1.1", "172.32.0.1", "2a00::1"})
    EXPECT_TRUE(parse_address(text)->global) << text;
  for (const auto* text : {"10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.255",
                           "192.168.0.1", "224.0.0.1", "fd00::1", "::1", "fe80::1"}) {
    EXPECT_FALSE(parse_address(text)->global) << text;
  }
  EXPECT_FALSE(parse_address("example.org"));
}

TEST(OwnAddresses, AreNeverOfTheLoopback) {
  const auto addresses = own_addresses();
  ASSERT_TRUE(addresses) << addresses.error().message();
  for (const auto& address : *addresses) EXPECT_NE(address.text, "127.0.0.1");
}

class ForwardedPorts : public testing::Test {
 protected:
  void SetUp() override { ::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1); }
  void TearDown() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
};

TEST_F(ForwardedPorts, AreThoseTheHostTells) {
  ASSERT_TRUE(write_file(folder_.path() / "openhaven.http_port", "8080"));
  ASSERT_TRUE(write_file(folder_.path() / "openhaven.https_port", "8443\n"));
  EXPECT_EQ(outside_ports().http, 8080);
  EXPECT_EQ(outside_ports().https, 8443);
}

TEST_F(ForwardedPorts, AreTheUsualOnesWhenWhatIsToldIsNoPort) {
  for (const auto* const text : {"", "0", "65536", "-1", "80a", "8 0", "999999"}) {
    ASSERT_TRUE(write_file(folder_.path() / "openhaven.https_port", text));
    EXPECT_EQ(outside_ports().https, 443) << text;
  }
}

TEST(ReadyNames, StayReadyOverABoot) {
  const auto root = TemporaryFolder::create(testing::TempDir());
  EXPECT_TRUE(load_ready_names(root->path())->empty());
  ASSERT_TRUE(save_ready_names(root->path(), {"a.org", "files.a.org"}));
  EXPECT_THAT(*load_ready_names(root->path()), testing::ElementsAre("a.org", "files.a.org"));
}

struct Wrong {
  std::string what;
  std::string text;
  std::string message;
};

class WrongImages : public testing::TestWithParam<Wrong> {};

TEST_P(WrongImages, AreRefused) {
  EXPECT_EQ(parse_images(GetParam().text, "images.json").error().message(),
            "images.json: cannot read: " + GetParam().message + "; this file belongs to the version");
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongImages,
    testing::Values(Wrong{"NoJson", "{", "not a JSON object"}, Wrong{"NoObject", "[]", "not a JSON object"},
                    Wrong{"NoDigest", R"({"caddy": {"reference": "a/b"}})",
                          "'caddy' lacks a reference or a digest"},
                    Wrong{"ShortDigest", R"({"caddy": {"reference": "a/b", "digest": "sha256:abc"}})",
                          "the digest of 'caddy' is not sha256:<64 hexadecimal digits>"}),
    [](const auto& row) { return row.param.what; });

TEST(Images, AreNamedWithTheirDigest) {
  const auto digest = "sha256:" + std::string(64, 'a');
  const auto images = parse_images(
      R"({"caddy": {"reference": "localhost/openhaven/caddy", "digest": ")" + digest + "\"}}", "images.json");
  ASSERT_TRUE(images) << images.error().message();
  EXPECT_EQ(images->at("caddy"), "localhost/openhaven/caddy@" + digest);
}

}  // namespace
}  // namespace stratify::stack
