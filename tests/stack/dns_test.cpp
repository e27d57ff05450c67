#include "stack/dns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace stratify::stack {
namespace {

// A world of names and of what the machines behind addresses answer.
class FakeDns final : public DnsProbe {
 public:
  std::map<std::string, std::vector<std::string>> names;
  std::map<std::string, std::string> tokens;  // by address
  bool silent = false;

  Result<std::vector<std::string>> resolve(const std::string& name) override {
    if (silent) return fail(Category::kUnavailable, "look up", name, "nobody answered");
    return names[name];
  }
  Result<std::string> fetch_token(const std::string& name, const std::string& address) override {
    if (const auto found = tokens.find(address); found != tokens.end()) return found->second;
    return fail(Category::kUnavailable, "ask", name, "refused");
  }
};

class AName : public testing::Test {
 protected:
  NameState check() {
    return check_name(dns_, "example.org", {.own = own_, .token = token_, .private_too = private_too_});
  }

  FakeDns dns_;
  std::string token_ = "token";
  bool private_too_ = false;
  std::vector<IpAddress> own_{{.text = "8.8.8.8", .v6 = false, .global = true}};
};

TEST_F(AName, IsReadyWhenItHasAnAddressOfThisMachine) {
  dns_.names["example.org"] = {"8.8.8.8"};
  const auto state = check();
  EXPECT_TRUE(state.ready);
  EXPECT_EQ(state.advice, "");
}

TEST_F(AName, IsReadyWhenARouterForwardsItHere) {
  dns_.names["example.org"] = {"1.1.1.1"};
  dns_.tokens["1.1.1.1"] = "token";
  EXPECT_TRUE(check().ready);
}

TEST_F(AName, IsNotReadyWhenAnotherMachineAnswers) {
  dns_.names["example.org"] = {"1.1.1.1"};
  dns_.tokens["1.1.1.1"] = "another token";
  const auto state = check();
  EXPECT_FALSE(state.ready);
  EXPECT_EQ(state.advice,
            "example.org leads to 1.1.1.1, which is not this machine. Change the record, or forward ports 80 "
            "and 443 here.");
}

TEST_F(AName, IsNotReadyWhileOneOfItsAddressesLeadsElsewhere) {
  dns_.names["example.org"] = {"8.8.8.8", "2a00::1"};
  EXPECT_FALSE(check().ready);
}

TEST_F(AName, WithoutAnAddressTellsToSetTheRecords) {
  EXPECT_EQ(check().advice,
            "example.org has no address yet. Set the records shown; new ones can take an hour to be seen.");
}

TEST_F(AName, IsNotReadyWhenNoNameServerAnswers) {
  dns_.silent = true;
  EXPECT_FALSE(check().ready);
  EXPECT_EQ(check().advice, "No name server answered. Check this machine's network.");
}

TEST_F(AName, InAPrivateNetworkIsReadyOnlyForAnAuthorityThere) {
  dns_.names["example.org"] = {"192.168.1.7"};
  dns_.tokens["192.168.1.7"] = "token";
  EXPECT_EQ(check().advice,
            "example.org leads to 192.168.1.7, an address of a private network. A public certificate needs a "
            "public "
            "address.");
  private_too_ = true;
  EXPECT_TRUE(check().ready);
}

TEST(WantedRecords, NameEveryGlobalAddress) {
  const std::vector<IpAddress> own{{.text = "203.0.113.7", .v6 = false, .global = true},
                                   {.text = "2001:db8::7", .v6 = true, .global = true},
                                   {.text = "192.168.1.7", .v6 = false, .global = false}};
  EXPECT_THAT(wanted_records({"a.org"}, own),
              testing::ElementsAre(DnsRecord{"a.org", "A", "203.0.113.7"},
                                   DnsRecord{"a.org", "AAAA", "2001:db8::7"}));
}

TEST(WantedRecords, LeaveTheAddressOpenBehindARouter) {
  const std::vector<IpAddress> own{{.text = "192.168.1.7", .v6 = false, .global = false}};
  EXPECT_THAT(wanted_records({"a.org"}, own), testing::ElementsAre(DnsRecord{"a.org", "A", ""}));
}

}  // namespace
}  // namespace stratify::stack
