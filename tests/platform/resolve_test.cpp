#include "platform/resolve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/support/bus_peer.hpp"

namespace stratify {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// resolved, which knows one name and has none for another.
int answer(sd_bus_message* call, sd_bus_error* error) {
  const char* name = nullptr;
  std::uint64_t flags = 0;
  sd_bus_message_read(call, "isit", nullptr, &name, nullptr, &flags);
  EXPECT_NE(flags & (1U << 11U), 0U) << "resolved may make up an answer";
  const std::string asked(name);
  if (asked == "none.example.org") {
    return sd_bus_error_set(error, "org.freedesktop.resolve1.DnsError.NXDOMAIN", "not found");
  }
  if (asked != "example.org")
    return sd_bus_error_set(error, "org.freedesktop.resolve1.NoNameServers", "no server");
  return sd_bus_reply_method_return(call, "a(iiay)st", 2, 1, AF_INET, 4, 203, 0, 113, 7, 1, AF_INET6, 16,
                                    0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, "example.org",
                                    std::uint64_t{0});
}

class Resolved : public testing::Test {
 protected:
  tests::BusPeer peer_{"/org/freedesktop/resolve1", answer};
};

TEST_F(Resolved, GivesEveryAddress) {
  const auto addresses = ask_resolved(peer_.client(), "example.org");
  ASSERT_TRUE(addresses) << addresses.error().message();
  EXPECT_THAT(*addresses, ElementsAre("2001:db8::7", "203.0.113.7"));
}

TEST_F(Resolved, GivesNoneForANameThatDoesNotExist) {
  EXPECT_THAT(*ask_resolved(peer_.client(), "none.example.org"), IsEmpty());
}

TEST_F(Resolved, IsUnavailableWithoutANameServer) {
  const auto addresses = ask_resolved(peer_.client(), "far.example.org");
  EXPECT_EQ(addresses.error().category(), Category::kUnavailable);
  EXPECT_EQ(addresses.error().message(), "far.example.org: cannot look up: no server");
}

TEST(Libc, KnowsLocalhost) { EXPECT_THAT(*ask_libc("localhost"), testing::Contains("127.0.0.1")); }

}  // namespace
}  // namespace stratify
