// Everything a stranger's bytes reach in the claim: the form, Host, Origin and Cookie, the domain, the code;
// and the journal, which a damaged disk writes. The first byte chooses.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "firstboot/attempts.hpp"
#include "firstboot/code.hpp"
#include "firstboot/form.hpp"
#include "firstboot/journal.hpp"
#include "firstboot/web_guard.hpp"
#include "stack/domain.hpp"

namespace {

using namespace stratify;
using namespace stratify::firstboot;

void require(bool truth) {
  if (!truth) std::abort();
}

void domain(std::string_view text) {
  const auto parsed = stack::Domain::parse(text);
  if (!parsed) return require(!parsed.error().cause().empty());
  require(parsed->ascii().size() <= 235 && parsed->ascii().contains('.'));
  for (const char letter : parsed->ascii()) {
    require((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
            letter == '.');
  }
  const auto again = stack::Domain::parse(parsed->ascii());
  require(again && *again == *parsed);
}

void form(std::string_view text) {
  const auto fields = parse_form(text);
  if (!fields) return;
  for (const auto& [name, value] : *fields) {
    for (const char letter : value) require(static_cast<unsigned char>(letter) >= 0x20);
    domain(value);
  }
}

void guard(std::string_view text) {
  const auto first = text.find('\n');
  const auto host = text.substr(0, first);
  const auto rest = first == std::string_view::npos ? std::string_view() : text.substr(first + 1);
  const Request request{.host = std::string(host), .origin = std::string(rest)};
  // Whatever is accepted as ours is an address or one of four names.
  if (is_own_host(host, "cloud.test")) {
    const auto name = host_name(host);
    require(is_ip_literal(name) || name == "localhost" || name == "openhaven" || name == "openhaven.local" ||
            name == "cloud.test");
  }
  if (is_own_origin(request)) require(rest.size() == host.size() + 7);
  static_cast<void>(cookie_value(rest, "openhaven-claim"));
  require(counted_as(client_address(rest)).size() < 64);
}

void journal(std::string_view text) {
  const auto record = from_json(text);
  if (!record) return;
  const auto again = from_json(to_json(*record));
  require(again && *again == *record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto code =
      ClaimCode::make([](std::span<std::byte> bytes) { std::ranges::fill(bytes, std::byte{7}); });
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (*data) {
    case 1:
      guard(text);
      break;
    case 2:
      domain(text);
      break;
    case 3:
      journal(text);
      break;
    case 4:
      static_cast<void>(code.matches(text));
      break;
    default:
      form({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
