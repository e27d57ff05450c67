#include "firstboot/welcome.hpp"

#include <gmock/gmock.h>

#include <set>

#include "firstboot/page.hpp"
#include "tests/firstboot/claim_fixture.hpp"
#include "tests/firstboot/in_process_claim.hpp"
#include "tests/support/fake_units.hpp"

namespace stratify::firstboot {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

class ThePages : public tests::ClaimFixture {
 protected:
  ThePages() {
    units_.states["radicale.service"].active = "active";
    units_.states["webdav.service"].active = "activating";
  }

  static Request request(std::string method, std::string target) {
    return {.method = std::move(method),
            .target = std::move(target),
            .host = "192.0.2.7",
            .origin = "http://192.0.2.7",
            .content_type = "application/x-www-form-urlencoded",
            .forwarded_for = "192.0.2.99",
            .forwarded_proto = "http"};
  }

  Response get(const std::string& target) { return send(request("GET", target)); }
  Response post(const std::string& target, std::string body) {
    auto sent = request("POST", target);
    sent.body = std::move(body);
    return send(sent);
  }
  Response send(Request sent) {
    sent.cookie = cookie_;
    return welcome_.respond(sent);
  }

  std::string right_form() { return "domain=cloud.test&code=" + claim_->code().value_or(""); }

  void claim_by_page() {
    const auto response = post("/claim", right_form());
    ASSERT_EQ(response.status, 303);
    const auto set = header(response, "Set-Cookie");
    cookie_ = set.substr(0, set.find(';'));
  }

  void write_live(stack::DomainKind kind) {
    const auto domain = kind == stack::DomainKind::kHome ? "cloud.test" : "example.org";
    const stack::Live live{
        .domain = domain,
        .display = domain,
        .url = std::string("https://") + domain + ":8443/",
        .kind = kind,
        .addresses = {{"Calendar and contacts",
                       "calendar.cloud.test",
                       "https://calendar.cloud.test/",
                       "radicale.service",
                       {{"Calendar address (CalDAV)", "https://calendar.cloud.test/owner/"}}},
                      {"Files",
                       "files.cloud.test",
                       "https://files.cloud.test/",
                       "webdav.service",
                       {{"Files address (WebDAV)", "https://files.cloud.test/"}}}},
        .records = {{"example.org", "A", "203.0.113.7"}, {"files.example.org", "A", "203.0.113.7"}},
        .authority_url = "http://cloud.test/openhaven-ca.crt"};
    ASSERT_TRUE(write_file(places_.live, to_json(live)));
  }

  Welcome::Places places_{.live = folder_.path() / "live.json",
                          .dns = folder_.path() / "dns.json",
                          .fingerprint = folder_.path() / "authority.sha256"};
  tests::InProcessClaim api_{claim_};
  stratify::tests::FakeUnits units_;
  Welcome welcome_{api_, units_, places_};
  std::string cookie_;
};

using Answers = std::set<std::string>;

// Every route the server knows and some it should not, asked with a form that would claim.
class EveryRoute : public ThePages {
 protected:
  Answers answered() {
    auto routes = known_routes();
    for (const auto* path : {"/admin", "/api", "/..", "//", "/claim/", "/claim?x=1", "/first-password/", "*",
                             "/index.html", "http://192.0.2.7/", "/progress/../"}) {
      for (const auto* method : {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"})
        routes.emplace_back(method, path);
    }
    routes.insert(routes.end(),
                  {{"GET", "/claim"}, {"POST", "/"}, {"POST", "/progress"}, {"GET", "/first-password"}});
    Answers answers;
    for (const auto& [method, path] : routes) {
      auto sent = request(method, path);
      sent.body = "domain=second.test&code=none";
      sent.cookie = cookie_;
      if (welcome_.respond(sent).status != 404) answers.insert(method + " " + path);
    }
    return answers;
  }
};

TEST_F(EveryRoute, IsClosedBeforeTheClaimButTheForm) {
  EXPECT_EQ(answered(), (Answers{"GET /", "POST /claim"}));
}

TEST_F(EveryRoute, IsClosedAfterTheWindowButThePageThatSaysSo) {
  pass(std::chrono::minutes(61));
  EXPECT_EQ(answered(), Answers{"GET /"});
}

TEST_F(EveryRoute, IsClosedToStrangersDuringTheClaimButThePageThatSaysSo) {
  claim_by_page();
  cookie_.clear();
  EXPECT_EQ(answered(), Answers{"GET /"});
}

TEST_F(ThePages, TellStrangersDuringTheClaimThatThereIsAnOwnerAndNothingElse) {
  claim_by_page();
  cookie_.clear();
  const auto response = get("/");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("This machine has an owner"));
  EXPECT_THAT(response.body, Not(HasSubstr("cloud.test")));
}

TEST_F(EveryRoute, ShowsTheClaimerOnlyTheProgressDuringTheClaim) {
  claim_by_page();
  EXPECT_EQ(answered(), (Answers{"GET /", "GET /progress"}));
}

TEST_F(EveryRoute, ShowsStrangersOnlyTheDoorsAfterTheClaim) {
  claim_by_page();
  go_live();
  cookie_.clear();
  EXPECT_EQ(answered(), Answers{"GET /"});
}

TEST_F(EveryRoute, ShowsTheClaimerTheLiveCloud) {
  claim_by_page();
  go_live();
  EXPECT_EQ(answered(), (Answers{"GET /", "GET /progress", "POST /first-password"}));
}

TEST_F(EveryRoute, IsClosedWhenTheStoreIsDamaged) {
  ASSERT_TRUE(write_file(folder_.path() / "claim.json", "garbage"));
  boot();
  EXPECT_EQ(answered(), Answers{"GET /"});
  EXPECT_THAT(get("/").body, Not(HasSubstr("<form")));
}

TEST_F(ThePages, LetTheOwnerIn) {
  EXPECT_THAT(get("/").body, HasSubstr("Name your cloud"));
  const auto response = post("/claim", right_form());
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(header(response, "Location"), "/");
  EXPECT_THAT(header(response, "Set-Cookie"),
              testing::MatchesRegex(
                  "openhaven-claim=[0-9a-f]{32}; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict"));
  EXPECT_EQ(state(), State::kAccepted);
}

TEST_F(ThePages, RefuseForeignHostsAndOriginsAndChangeNothing) {
  auto foreign_host = request("POST", "/claim");
  foreign_host.host = "evil.example";
  foreign_host.origin = "http://evil.example";
  foreign_host.body = right_form();
  EXPECT_EQ(send(foreign_host).status, 403);
  auto foreign_origin = request("POST", "/claim");
  foreign_origin.origin = "http://evil.example";
  foreign_origin.body = right_form();
  EXPECT_EQ(send(foreign_origin).status, 403);
  auto rebound = request("GET", "/");
  rebound.host = "evil.example";
  EXPECT_EQ(send(rebound).status, 403);
  EXPECT_EQ(state(), State::kUnclaimed);
}

TEST_F(ThePages, SayWhichFieldIsWrong) {
  const auto bad_domain = post("/claim", "domain=co.uk&code=x");
  EXPECT_EQ(bad_domain.status, 400);
  EXPECT_THAT(bad_domain.body, HasSubstr("co.uk is shared by many."));
  EXPECT_THAT(bad_domain.body, HasSubstr("value=\"co.uk\""));
  const auto bad_code = post("/claim", "domain=cloud.test&code=x");
  EXPECT_EQ(bad_code.status, 403);
  EXPECT_THAT(bad_code.body, HasSubstr("This code is not right."));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(post("/claim", "domain=cloud.test&code=x").status, 403);
  EXPECT_EQ(post("/claim", right_form()).status, 429);
}

TEST_F(ThePages, RefuseAFormTheyCannotRead) {
  EXPECT_EQ(post("/claim", "domain=%zz").status, 400);
  auto json = request("POST", "/claim");
  json.content_type = "application/json";
  json.body = right_form();
  EXPECT_EQ(send(json).status, 400);
  EXPECT_EQ(post("/claim", "").status, 400);
  EXPECT_EQ(state(), State::kUnclaimed);
}

TEST_F(ThePages, NeverReflectMarkup) {
  const auto response = post("/claim", "domain=%3Cscript%3E%22%27%26&code=x");
  EXPECT_THAT(response.body, HasSubstr("value=\"&lt;script&gt;&quot;&#39;&amp;\""));
}

TEST_F(ThePages, TellTheClaimerHowFarItIs) {
  claim_by_page();
  step();
  EXPECT_THAT(get("/").body, HasSubstr("Preparing"));
  EXPECT_EQ(get("/progress").body,
            R"({"state":"secrets","step":2,"steps":5,"text":"","services":[],"names":[]})");
}

TEST_F(ThePages, EndOnTheLiveCloudWithItsAddressesAndTheirStates) {
  claim_by_page();
  write_live(stack::DomainKind::kHome);
  ASSERT_TRUE(write_file(places_.fingerprint, "01:23:AB\n"));
  go_live();
  const auto body = get("/").body;
  for (const auto* text : {"Your cloud is live", "https://calendar.cloud.test/owner/", "data-state=\"ready\"",
                           "data-state=\"starting\"", "href=\"/openhaven-ca.crt\"", "<code>01:23:AB</code>",
                           "Show my password"}) {
    EXPECT_THAT(body, HasSubstr(text));
  }
  EXPECT_THAT(body, Not(HasSubstr("first-password</code>")));
  EXPECT_THAT(get("/progress").body, HasSubstr(R"({"url":"https://calendar.cloud.test/","state":"ready"})"));
}

TEST_F(ThePages, ShowThePasswordOnce) {
  claim_by_page();
  write_live(stack::DomainKind::kHome);
  go_live();
  EXPECT_THAT(post("/first-password", "").body, HasSubstr("<code class=\"secret\">first-password</code>"));
  const auto again = post("/first-password", "").body;
  EXPECT_THAT(again, Not(HasSubstr("first-password</code>")));
  EXPECT_THAT(again, HasSubstr("The password has been shown already."));
}

TEST_F(ThePages, ShowTheDnsRecordsOfAPublicDomainWithTheirState) {
  const auto response = post("/claim", "domain=example.org&code=" + claim_->code().value_or(""));
  cookie_ = header(response, "Set-Cookie").substr(0, 48);
  write_live(stack::DomainKind::kPublic);
  const stack::DnsState dns{.names = {{"example.org", true, {"203.0.113.7"}, ""},
                                      {"files.example.org", false, {}, "No record yet."}}};
  ASSERT_TRUE(write_file(places_.dns, to_json(dns)));
  go_live();
  const auto body = get("/").body;
  EXPECT_THAT(body, HasSubstr("points here"));
  EXPECT_THAT(body, HasSubstr("No record yet."));
  EXPECT_THAT(body, Not(HasSubstr("openhaven-ca.crt")));
}

TEST_F(ThePages, SendStrangersFromTheAddressToTheName) {
  claim_by_page();
  write_live(stack::DomainKind::kHome);
  go_live();
  cookie_ = "openhaven-claim=00000000000000000000000000000000";
  const auto response = get("/");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(header(response, "Location"), "https://cloud.test:8443/") << "the port others reach it at";
  auto by_name = request("GET", "/");
  by_name.host = "cloud.test";
  const auto html = send(by_name).body;
  const auto body = html.substr(html.find("</head>"));
  EXPECT_THAT(body, HasSubstr("https://files.cloud.test/"));
  for (const auto* secret : {"ready", "password", "owner", "203.0.113"})
    EXPECT_THAT(body, Not(HasSubstr(secret)));
}

TEST_F(ThePages, AskForPatienceWhenTheClaimDoesNotAnswer) {
  api_.answers = false;
  const auto response = get("/");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("http-equiv=\"refresh\""));
}

TEST_F(ThePages, AllowOnlyTheirOwnStyleAndScript) {
  const auto policy = header(get("/"), "Content-Security-Policy");
  EXPECT_THAT(policy, testing::MatchesRegex(
                          "default-src 'none'; style-src 'sha256-[^']+='; script-src 'sha256-[^']+='; .*"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST_F(ThePages, AskNothingOfOtherMachines) {
  for (const auto* name : {"layout.html", "claim.html", "progress.html", "live.html", "home.html",
                           "message.html", "style.css", "claim.js", "progress.js", "live.js"}) {
    std::string text(page_source(name));
    if (const auto svg = text.find("http://www.w3.org/2000/svg"); svg != std::string::npos)
      text.erase(svg, 26);
    EXPECT_THAT(text, Not(HasSubstr("://"))) << name;
  }
}

}  // namespace
}  // namespace stratify::firstboot
