#include "firstboot/welcome.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <boost/json.hpp>

#include "firstboot/form.hpp"
#include "firstboot/page.hpp"
#include "platform/file.hpp"
#include "stack/secrets.hpp"

namespace stratify::firstboot {

namespace json = boost::json;

namespace {

constexpr const char* kCookie = "openhaven-claim";
constexpr int kPollSeconds = 3;

enum class Phase { kOpen, kClosed, kClaiming, kLive, kDamaged };

Phase phase_of(State state) {
  switch (state) {
    case State::kUnclaimed:
      return Phase::kOpen;
    case State::kClosed:
      return Phase::kClosed;
    case State::kDamaged:
      return Phase::kDamaged;
    case State::kLive:
      return Phase::kLive;
    default:
      return Phase::kClaiming;
  }
}

Response page(unsigned status, const PageParts& parts, const PageNames& names) {
  auto [html, policy] = render_page(parts, names);
  return {
      .status = status, .headers = {{"Content-Security-Policy", std::move(policy)}}, .body = std::move(html)};
}

Response message(unsigned status, std::string_view heading, std::string_view sentence,
                 int refresh_seconds = 0) {
  return page(status,
              {.body = "message.html",
               .script = "",
               .title = std::string(heading),
               .refresh_seconds = refresh_seconds},
              PageNames().text("heading", heading).text("sentence", sentence));
}

Response not_found() { return message(404, "Nothing here", "There is no such page on this machine."); }

Response unavailable() {
  return message(503, "One moment",
                 "This machine is not ready to answer yet. This page tries again by itself.", kPollSeconds);
}

Response redirect(unsigned status, const std::string& location) {
  return {.status = status, .headers = {{"Location", location}}, .body = ""};
}

std::string session_cookie(const Secret& token, const Request& request) {
  std::string cookie = std::string(kCookie) + "=" + std::string(token.reveal());
  cookie += "; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict";
  if (request.forwarded_proto == "https") cookie += "; Secure";
  return cookie;
}

unsigned status_of(Category category) {
  switch (category) {
    case Category::kInvalidInput:
      return 400;
    case Category::kPermission:
      return 403;
    case Category::kConflict:
      return 409;
    case Category::kTimeout:
      return 429;
    default:
      return 503;
  }
}

PageNames form_names(std::string_view domain, std::string_view domain_error, std::string_view code_error,
                     std::string_view problem) {
  return PageNames()
      .text("domain", domain)
      .text("domain_error", domain_error)
      .truth("has_domain_error", !domain_error.empty())
      .text("code_error", code_error)
      .truth("has_code_error", !code_error.empty())
      .text("problem", problem)
      .truth("has_problem", !problem.empty());
}

Response form_page(unsigned status, const PageNames& names) {
  return page(status, {.body = "claim.html", .script = "claim.js", .title = "Name your cloud"}, names);
}

struct StepWords {
  std::string_view title;
  std::string_view doing;
};

constexpr std::array<StepWords, kSteps> kStepWords{
    {{"Domain accepted", "The machine is yours."},
     {"Keys and password", "Made on this machine, known to nobody else."},
     {"Configuration", "One readable file."},
     {"Services", "Proxy, calendar, contacts, files."},
     {"Health", "Every service answers."}}};

std::vector<PageNames> step_rows(int reached) {
  std::vector<PageNames> rows;
  for (int i = 0; i < kSteps; ++i) {
    const auto& words = kStepWords.at(static_cast<std::size_t>(i));
    rows.push_back(PageNames()
                       .text("title", words.title)
                       .text("doing", words.doing)
                       .text("state", i < reached    ? "done"
                                      : i == reached ? "now"
                                                     : "later"));
  }
  return rows;
}

template <class T>
std::optional<T> read_json(const std::filesystem::path& path, Result<T> (*parse)(const std::string&)) {
  constexpr std::size_t kLimit = 256U << 10U;
  const auto text = read_file(path, kLimit);
  if (!text) return std::nullopt;
  auto value = parse(*text);
  if (!value) return std::nullopt;
  return *std::move(value);
}

std::vector<PageNames> hint_rows(const stack::Address& address) {
  std::vector<PageNames> rows;
  rows.reserve(address.hints.size());
  for (const auto& hint : address.hints)
    rows.push_back(PageNames().text("label", hint.label).text("value", hint.value));
  return rows;
}

const stack::NameState* find_name(const std::optional<stack::DnsState>& dns, const std::string& name) {
  if (!dns) return nullptr;
  const auto found = std::ranges::find(dns->names, name, &stack::NameState::name);
  return found == dns->names.end() ? nullptr : &*found;
}

std::vector<PageNames> record_rows(const stack::Live& live, const std::optional<stack::DnsState>& dns) {
  std::vector<PageNames> rows;
  for (const auto& record : live.records) {
    const auto* const state = find_name(dns, record.name);
    const bool ready = state != nullptr && state->ready;
    rows.push_back(PageNames()
                       .text("name", record.name)
                       .text("type", record.type)
                       .text("value", record.value)
                       .truth("has_value", !record.value.empty())
                       .truth("ready", ready)
                       .text("advice", ready              ? "points here"
                                       : state == nullptr ? "not looked up yet"
                                                          : state->advice));
  }
  return rows;
}

std::string_view word_for(std::string_view active) {
  if (active == "active") return "ready";
  if (active == "activating" || active == "reloading") return "starting";
  return "not running";
}

}  // namespace

struct Welcome::Visit {
  const Request& request;
  Status status;
  std::string token;  // as the cookie says, empty when there is none
  bool claimer = false;
};

struct Routes {
  enum class Audience { kAnybody, kClaimer };
  struct Row {
    std::string_view method;
    std::string_view path;
    Phase phase;
    Audience audience;
    Response (Welcome::*handler)(const Welcome::Visit&);
  };

  // Everything this server answers. What is not here is 404.
  static constexpr std::array kTable{
      Row{"GET", "/", Phase::kOpen, Audience::kAnybody, &Welcome::claim_form},
      Row{"POST", "/claim", Phase::kOpen, Audience::kAnybody, &Welcome::claim},
      Row{"GET", "/", Phase::kClosed, Audience::kAnybody, &Welcome::closed},
      Row{"GET", "/", Phase::kClaiming, Audience::kClaimer, &Welcome::progress_page},
      Row{"GET", "/", Phase::kClaiming, Audience::kAnybody, &Welcome::claimed},
      Row{"GET", "/progress", Phase::kClaiming, Audience::kClaimer, &Welcome::progress},
      Row{"GET", "/", Phase::kLive, Audience::kClaimer, &Welcome::live_page},
      Row{"GET", "/progress", Phase::kLive, Audience::kClaimer, &Welcome::progress},
      Row{"POST", "/first-password", Phase::kLive, Audience::kClaimer, &Welcome::first_password},
      Row{"GET", "/", Phase::kLive, Audience::kAnybody, &Welcome::home},
      Row{"GET", "/", Phase::kDamaged, Audience::kAnybody, &Welcome::damaged},
  };
};

std::vector<std::pair<std::string, std::string>> known_routes() {
  std::vector<std::pair<std::string, std::string>> routes;
  routes.reserve(Routes::kTable.size());
  for (const auto& row : Routes::kTable) routes.emplace_back(row.method, row.path);
  return routes;
}

Result<Welcome::Visit> Welcome::visit_of(const Request& request) {
  Visit visit{.request = request,
              .status = TRY(claim_.status()),
              .token = cookie_value(request.cookie, kCookie).value_or("")};
  if (!visit.token.empty() && has_owner(visit.status.state))
    visit.claimer = TRY(claim_.knows_session(visit.token));
  return visit;
}

Response Welcome::respond(const Request& request) {
  const auto visit = visit_of(request);
  const auto domain = visit ? visit->status.domain : "";
  if (!is_own_host(request.host, domain)) {
    return message(403, "Wrong name",
                   "This machine does not answer to that name. Open it by the address on its screen.");
  }
  if (request.method != "GET" && !is_own_origin(request)) {
    return message(403, "Not from here",
                   "This request did not come from a page of this machine. Open the page and try again.");
  }
  if (!visit) return unavailable();
  const auto* const row = std::ranges::find_if(Routes::kTable, [&](const Routes::Row& candidate) {
    return candidate.method == request.method && candidate.path == request.target &&
           candidate.phase == phase_of(visit->status.state) &&
           (candidate.audience == Routes::Audience::kAnybody || visit->claimer);
  });
  return row == Routes::kTable.end() ? not_found() : (this->*row->handler)(*visit);
}

Response Welcome::claim_form(const Visit& visit) {
  return form_page(200, form_names("", "", "", visit.status.notice));
}

Response Welcome::claim(const Visit& visit) {
  const auto form = parse_form(visit.request.body);
  if (!visit.request.content_type.starts_with("application/x-www-form-urlencoded") || !form) {
    return form_page(400, form_names("", "", "", "The form could not be read. Please fill it in again."));
  }
  const auto field = [&](const char* name) { return form->contains(name) ? form->at(name) : std::string(); };
  const auto domain = field("domain");
  const auto token = claim_.claim(domain, field("code"), client_address(visit.request.forwarded_for));
  if (token) {
    auto response = redirect(303, "/");
    response.headers.emplace_back("Set-Cookie", session_cookie(*token, visit.request));
    return response;
  }
  const auto& error = token.error();
  const auto sentence_if = [&](Category category) {
    return error.category() == category ? error.cause() : std::string();
  };
  const auto status = status_of(error.category());
  const bool elsewhere =
      error.category() != Category::kInvalidInput && error.category() != Category::kPermission;
  return form_page(status, form_names(domain, sentence_if(Category::kInvalidInput),
                                      sentence_if(Category::kPermission), elsewhere ? error.cause() : ""));
}

Response Welcome::closed(const Visit& /*visit*/) {
  return message(
      403, "The time to claim is over",
      "Restart this machine, or press Enter at its console. It then shows a new code for an hour.");
}

Response Welcome::claimed(const Visit& /*visit*/) {
  return message(
      403, "This machine has an owner",
      "It is being prepared. If it is yours, go on in the browser in which you named it, or watch its "
      "console. Once it is live, this page leads to it.",
      kPollSeconds);
}

Response Welcome::progress_page(const Visit& visit) {
  return page(200,
              {.body = "progress.html",
               .script = "progress.js",
               .title = "Preparing " + visit.status.domain_shown,
               .refresh_seconds = kPollSeconds},
              PageNames()
                  .text("domain", visit.status.domain_shown)
                  .list("steps", step_rows(visit.status.step))
                  .text("text", visit.status.step_text));
}

Response Welcome::progress(const Visit& visit) {
  json::array services;
  const auto live = read_json(places_.live, &stack::parse_live);
  if (live && visit.status.state == State::kLive) {
    for (const auto& address : live->addresses) {
      services.push_back(json::object{{"url", address.url}, {"state", state_of(address)}});
    }
  }
  json::array names;
  if (const auto dns = read_json(places_.dns, &stack::parse_dns_state)) {
    for (const auto& name : dns->names) {
      names.push_back(json::object{{"name", name.name}, {"ready", name.ready}, {"advice", name.advice}});
    }
  }
  return {.content_type = "application/json",
          .body = json::serialize(json::object{{"state", to_string(visit.status.state)},
                                               {"step", visit.status.step},
                                               {"steps", kSteps},
                                               {"text", visit.status.step_text},
                                               {"services", std::move(services)},
                                               {"names", std::move(names)}})};
}

std::string Welcome::state_of(const stack::Address& address) {
  const auto state = units_.state(address.unit);
  return std::string(state ? word_for(state->active) : "unknown");
}

Response Welcome::live_page(const Visit& visit) { return live_page_with(visit, "", ""); }

Response Welcome::first_password(const Visit& visit) {
  const auto password = claim_.first_password(visit.token);
  if (password) return live_page_with(visit, password->reveal(), "");
  return live_page_with(visit, "", password.error().cause());
}

Response Welcome::live_page_with(const Visit& visit, std::string_view password, std::string_view problem) {
  const auto live = read_json(places_.live, &stack::parse_live).value_or(stack::Live{});
  const auto dns = read_json(places_.dns, &stack::parse_dns_state);
  std::vector<PageNames> services;
  services.reserve(live.addresses.size());
  for (const auto& address : live.addresses) {
    services.push_back(PageNames()
                           .text("title", address.title)
                           .text("url", address.url)
                           .text("host", address.host)
                           .text("state", state_of(address))
                           .list("hints", hint_rows(address)));
  }
  const auto records = record_rows(live, dns);
  const auto fingerprint = stack::known_fingerprint(places_.fingerprint);
  const bool available = password.empty() && visit.status.password_available;
  return page(200, {.body = "live.html", .script = "live.js", .title = "Your cloud is live"},
              PageNames()
                  .text("domain", visit.status.domain_shown)
                  .text("owner", stack::kOwner)
                  .text("password", password)
                  .truth("has_password", !password.empty())
                  .truth("password_available", available)
                  .truth("password_gone", password.empty() && !available)
                  .text("problem", problem)
                  .truth("has_problem", !problem.empty())
                  .list("services", std::move(services))
                  .truth("home", visit.status.home)
                  .truth("has_authority", visit.status.home && !live.authority_url.empty())
                  .text("fingerprint", fingerprint)
                  .truth("has_fingerprint", !fingerprint.empty())
                  .truth("has_records", !records.empty())
                  .list("records", records));
}

// Strangers at the address are sent to the name, which every TLS handshake with this machine tells anyway;
// there they see the doors, which all ask for a password, and nothing about the machine.
Response Welcome::home(const Visit& visit) {
  const auto found = read_json(places_.live, &stack::parse_live);
  if (host_name(visit.request.host) != visit.status.domain)
    return redirect(302, found ? found->url : "https://" + visit.status.domain + "/");
  const auto live = found.value_or(stack::Live{});
  std::vector<PageNames> services;
  services.reserve(live.addresses.size());
  for (const auto& address : live.addresses) {
    services.push_back(
        PageNames().text("title", address.title).text("url", address.url).text("host", address.host));
  }
  return page(200, {.body = "home.html", .script = "", .title = visit.status.domain_shown},
              PageNames()
                  .text("domain", visit.status.domain_shown)
                  .list("services", std::move(services))
                  .truth("has_authority", visit.status.home && !live.authority_url.empty()));
}

Response Welcome::damaged(const Visit& /*visit*/) {
  return message(
      503, "This machine needs you at its console",
      "What it remembers about its owner cannot be read, so it lets nobody in. Nothing is lost: connect a "
      "screen and a keyboard, or the serial console, and follow what it says there.");
}

}  // namespace stratify::firstboot
