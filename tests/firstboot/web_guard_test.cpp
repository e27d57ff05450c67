#include "firstboot/web_guard.hpp"

#include <gtest/gtest.h>

namespace stratify::firstboot {
namespace {

struct HostCase {
  std::string host;
  bool own;
};

class AHost : public testing::TestWithParam<HostCase> {};

TEST_P(AHost, IsAnsweredOnlyWhenItIsOneOfOurs) {
  EXPECT_EQ(is_own_host(GetParam().host, "cloud.test"), GetParam().own) << GetParam().host;
}

INSTANTIATE_TEST_SUITE_P(
    Table, AHost,
    testing::Values(
        HostCase{"192.0.2.7", true}, HostCase{"192.0.2.7:8080", true}, HostCase{"[2001:db8::1]", true},
        HostCase{"[2001:db8::1]:80", true}, HostCase{"localhost", true}, HostCase{"LOCALHOST:8080", true},
        HostCase{"openhaven", true}, HostCase{"openhaven.local", true}, HostCase{"openhaven.local.", true},
        HostCase{"cloud.test", true}, HostCase{"CLOUD.test:443", true}, HostCase{"", false},
        HostCase{"evil.example", false}, HostCase{"files.cloud.test", false},
        HostCase{"cloud.test.evil.example", false}, HostCase{"192.0.2.7.evil.example", false},
        HostCase{"192.0.2", false}, HostCase{"0x7f.1", false}, HostCase{"[::1", false},
        HostCase{"[::1]evil", false}, HostCase{"2001:db8::1", false}, HostCase{"localhost:80:80", false},
        HostCase{"localhost:http", false}, HostCase{"user@localhost", false}, HostCase{":80", false},
        HostCase{"localhost, evil.example", false}, HostCase{"[evil]", false},
        HostCase{std::string("localhost\0.evil", 15), false}, HostCase{std::string(300, 'a'), false}));

TEST(AnUnclaimedMachinesHost, IsNeverTheEmptyDomain) { EXPECT_FALSE(is_own_host("", "")); }

struct OriginCase {
  std::string origin;
  std::string fetch_site;
  std::string proto;
  bool own;
};

class AnOrigin : public testing::TestWithParam<OriginCase> {};

TEST_P(AnOrigin, MustBeAPageOfThisMachine) {
  const auto& [origin, site, proto, own] = GetParam();
  const Request request{
      .host = "192.0.2.7:8080", .origin = origin, .fetch_site = site, .forwarded_proto = proto};
  EXPECT_EQ(is_own_origin(request), own) << origin << " " << site;
}

INSTANTIATE_TEST_SUITE_P(
    Table, AnOrigin,
    testing::Values(OriginCase{"http://192.0.2.7:8080", "", "http", true},
                    OriginCase{"HTTP://192.0.2.7:8080", "", "", true},
                    OriginCase{"https://192.0.2.7:8080", "", "https", true},
                    OriginCase{"", "same-origin", "http", true}, OriginCase{"", "", "http", false},
                    OriginCase{"", "cross-site", "http", false}, OriginCase{"", "same-site", "http", false},
                    OriginCase{"", "none", "http", false}, OriginCase{"null", "same-origin", "http", false},
                    OriginCase{"http://evil.example", "same-origin", "http", false},
                    OriginCase{"http://192.0.2.7", "", "http", false},
                    OriginCase{"http://192.0.2.7:80800", "", "http", false},
                    OriginCase{"https://192.0.2.7:8080", "", "http", false},
                    OriginCase{"http://192.0.2.7:8080.evil.example", "", "http", false}));

TEST(TheClientsAddress, IsTheProxysOwnObservation) {
  EXPECT_EQ(client_address("198.51.100.1, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client_address("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client_address(""), "");
}

TEST(ACookie, IsFoundByItsWholeName) {
  EXPECT_EQ(cookie_value("a=1; openhaven-claim=t; b=2", "openhaven-claim"), "t");
  EXPECT_EQ(cookie_value("x-openhaven-claim=t", "openhaven-claim"), std::nullopt);
  EXPECT_EQ(cookie_value("openhaven-claim=a; openhaven-claim=b", "openhaven-claim"), std::nullopt);
}

}  // namespace
}  // namespace stratify::firstboot
