#include "stack/live.hpp"

#include <gtest/gtest.h>

namespace stratify::stack {
namespace {

TEST(Live, IsReadAsItWasWritten) {
  const Live live{
      .domain = "xn--bcher-kva.example",
      .display = "bücher.example",
      .url = "https://xn--bcher-kva.example:8443/",
      .kind = DomainKind::kPublic,
      .addresses = {{.title = "Files \"and\" more",
                     .host = "files.xn--bcher-kva.example",
                     .url = "https://files.xn--bcher-kva.example/",
                     .unit = "webdav.service",
                     .hints = {{"Files address (WebDAV)", "https://files.xn--bcher-kva.example/"}}}},
      .records = {{"files.xn--bcher-kva.example", "A", "203.0.113.7"}},
      .authority_url = "http://xn--bcher-kva.example/openhaven-ca.crt"};
  EXPECT_EQ(*parse_live(to_json(live)), live);
}

TEST(DnsState, IsReadAsItWasWritten) {
  const DnsState state{.names = {{.name = "a.org", .ready = true, .answers = {"203.0.113.7"}, .advice = ""},
                                 {.name = "b.org", .ready = false, .answers = {}, .advice = "Set it."}}};
  EXPECT_EQ(*parse_dns_state(to_json(state)), state);
}

TEST(Live, ThatIsDamagedSaysHowToMakeItAnew) {
  for (const auto* text : {"", "[]", "{\"domain\": 1}", "{\"domain\": \"a.org\"}"}) {
    const auto live = parse_live(text);
    ASSERT_FALSE(live) << text;
    EXPECT_NE(live.error().message().find("systemctl restart haven-stack"), std::string::npos);
  }
}

}  // namespace
}  // namespace stratify::stack
