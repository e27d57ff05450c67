// Writes the pages as they look in every state, for people who work on them: welcome_preview FOLDER
#include <iostream>

#include "firstboot/welcome.hpp"
#include "tests/firstboot/in_process_claim.hpp"
#include "tests/support/fake_units.hpp"

namespace {

using namespace stratify;
using namespace stratify::firstboot;

const char* const kPassword = "k7mw-3xqd-hf2p-9rtn-wz4c";

class Preview {
 public:
  explicit Preview(std::filesystem::path out, const char* domain) : out_(std::move(out)), domain_(domain) {
    claim_ = std::make_unique<Claim>(Claim::Parts{.journal = Journal(folder_.path()),
                                                  .clock = std::chrono::steady_clock::now,
                                                  .configured_domain = [] { return std::nullopt; }});
    units_.states["radicale.service"].active = "active";
    units_.states["webdav.service"].active = "activating";
  }

  void show(const std::string& name, const std::string& method = "GET", const std::string& target = "/",
            const std::string& body = "") {
    const auto response = send(method, target, body);
    auto html = response.body;
    for (const auto& [key, value] : response.headers) {
      const auto meta = "<meta http-equiv=\"" + key + "\" content=\"" + value + "\">\n";
      if (key == "Content-Security-Policy") html.insert(html.find("<style>"), meta);
    }
    if (!write_file(out_ / (name + ".html"), html)) std::cerr << "cannot write " << name << '\n';
  }

  void claim() {
    const auto response =
        send("POST", "/claim", "domain=" + std::string(domain_) + "&code=" + claim_->code().value());
    for (const auto& [key, value] : response.headers) {
      if (key == "Set-Cookie") cookie_ = value.substr(0, value.find(';'));
    }
  }

  void go_to(State state) {
    while (claim_->status().state != state) {
      switch (claim_->due().value_or(State::kLive)) {
        case State::kAccepted:
          claim_->secrets_made(Secret(kPassword));
          break;
        case State::kSecrets:
          claim_->step_done(Event::kConfigurationWritten);
          break;
        case State::kConfigured:
          claim_->step_done(Event::kStackStarted);
          break;
        default:
          claim_->step_done(Event::kHealthSeen);
          break;
      }
    }
    claim_->report("starting Calendar and contacts");
  }

  void write_live() {
    const bool home = claim_->status().home;
    const std::string domain(domain_);
    stack::Live live{
        .domain = domain,
        .display = domain,
        .url = "https://" + domain + "/",
        .kind = home ? stack::DomainKind::kHome : stack::DomainKind::kPublic,
        .addresses = {{"Calendar and contacts",
                       "calendar." + domain,
                       "https://calendar." + domain + "/",
                       "radicale.service",
                       {{"Calendar address (CalDAV)", "https://calendar." + domain + "/owner/"},
                        {"Contacts address (CardDAV)", "https://calendar." + domain + "/owner/"}}},
                      {"Files",
                       "files." + domain,
                       "https://files." + domain + "/",
                       "webdav.service",
                       {{"Files address (WebDAV)", "https://files." + domain + "/"}}}},
        .authority_url = "http://" + domain + "/openhaven-ca.crt"};
    if (!home)
      live.records = {{domain, "A", "203.0.113.7"},
                      {"calendar." + domain, "A", "203.0.113.7"},
                      {"files." + domain, "AAAA", "2001:db8:1:2::7"}};
    const stack::DnsState dns{.names = {{domain, true, {"203.0.113.7"}, ""},
                                        {"calendar." + domain, false, {}, "This name has no address yet."}}};
    if (!write_file(places_.live, to_json(live)) || !write_file(places_.dns, to_json(dns)))
      std::cerr << "cannot write\n";
  }

  void visit_by_name() {
    host_ = domain_;
    cookie_.clear();
  }

 private:
  Response send(const std::string& method, const std::string& target, const std::string& body) {
    return welcome_.respond({.method = method,
                             .target = target,
                             .host = host_,
                             .origin = "http://" + host_,
                             .content_type = "application/x-www-form-urlencoded",
                             .cookie = cookie_,
                             .forwarded_for = "192.0.2.1",
                             .body = body});
  }

  std::filesystem::path out_;
  const char* domain_;
  TemporaryFolder folder_ = TemporaryFolder::create("/tmp").value();
  std::unique_ptr<Claim> claim_;
  firstboot::tests::InProcessClaim api_{claim_};
  stratify::tests::FakeUnits units_;
  Welcome::Places places_{.live = folder_.path() / "live.json",
                          .dns = folder_.path() / "dns.json",
                          .fingerprint = folder_.path() / "authority.sha256"};
  Welcome welcome_{api_, units_, places_};
  std::string cookie_;
  std::string host_ = "192.0.2.7";
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "Usage: welcome_preview FOLDER\n";
    return 2;
  }
  Preview home(arguments[1], "cloud.home.arpa");
  home.show("1-claim");
  home.show("2-wrong-domain", "POST", "/claim", "domain=https%3A%2F%2Fexample.org&code=x");
  home.show("3-wrong-code", "POST", "/claim", "domain=cloud.home.arpa&code=x");
  home.show("4-not-found", "GET", "/nothing");
  home.claim();
  home.go_to(State::kConfigured);
  home.show("5-progress");
  home.go_to(State::kLive);
  home.write_live();
  home.show("6-live-home");
  home.show("7-live-password", "POST", "/first-password");
  home.visit_by_name();
  home.show("8-doors");
  Preview open(arguments[1], "example.org");
  open.claim();
  open.write_live();
  open.go_to(State::kLive);
  open.show("9-live-public");
  return 0;
}
