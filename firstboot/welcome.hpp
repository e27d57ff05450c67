// What haven-welcome answers: one table of routes over the claim. No socket in here.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "firstboot/claim_api.hpp"
#include "firstboot/web_guard.hpp"
#include "platform/bus.hpp"
#include "stack/authority.hpp"
#include "stack/live.hpp"

namespace stratify::firstboot {

struct Response {
  unsigned status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class Welcome {
 public:
  struct Places {
    std::filesystem::path live = stack::kLiveFile;
    std::filesystem::path dns = stack::kDnsFile;
    std::filesystem::path fingerprint = stack::kFingerprintFile;
  };

  // Both have to outlive it. units is only looked at.
  Welcome(ClaimApi& claim, Units& units, Places places)
      : claim_(claim), units_(units), places_(std::move(places)) {}

  // Never fails: what goes wrong becomes a page that says so.
  [[nodiscard]] Response respond(const Request& request);

 private:
  friend struct Routes;
  struct Visit;  // one request with what is known about its sender

  [[nodiscard]] Response claim_form(const Visit& visit);
  [[nodiscard]] Response claim(const Visit& visit);
  [[nodiscard]] Response closed(const Visit& visit);
  [[nodiscard]] Response claimed(const Visit& visit);
  [[nodiscard]] Response progress_page(const Visit& visit);
  [[nodiscard]] Response progress(const Visit& visit);
  [[nodiscard]] Response live_page(const Visit& visit);
  [[nodiscard]] Response first_password(const Visit& visit);
  [[nodiscard]] Response home(const Visit& visit);
  [[nodiscard]] Response damaged(const Visit& visit);

  [[nodiscard]] Response live_page_with(const Visit& visit, std::string_view password,
                                        std::string_view problem);
  [[nodiscard]] Result<Visit> visit_of(const Request& request);
  [[nodiscard]] std::string state_of(const stack::Address& address);

  ClaimApi& claim_;
  Units& units_;
  Places places_;
};

// The routes a test enumerates: "GET /", ...
[[nodiscard]] std::vector<std::pair<std::string, std::string>> known_routes();

}  // namespace stratify::firstboot
