#include "stack/domain.hpp"

#include <arpa/inet.h>
#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ranges>

#include "platform/owned.hpp"

namespace stratify::stack {

namespace {

// RFC 1035 allows 253 characters; the longest name the catalogue puts in front must still fit.
constexpr std::size_t kLongestDomain = 253 - std::string_view("_mta-sts.calendar.").size();
constexpr std::size_t kLongestLabel = 63;

constexpr std::array<std::string_view, 4> kHomeSuffixes{"home.arpa", "internal", "local", "test"};

struct Reserved {
  std::string_view suffix;
  std::string_view use;
};

// RFC 6761, RFC 7686, RFC 9476, RFC 3172.
constexpr std::array<Reserved, 6> kReserved{{{"localhost", "always means the machine one sits at"},
                                             {"invalid", "never exists"},
                                             {"example", "is kept for documentation"},
                                             {"onion", "exists only inside Tor"},
                                             {"alt", "exists only outside the DNS"},
                                             {"arpa", "belongs to the machinery of the DNS"}}};

constexpr std::string_view kForbiddenCharacter =
    "It has a character that domains may not have. Letters, digits and hyphens are allowed.";

constexpr std::string_view kDamagedLabel =
    "The part that begins with xn-- is damaged. Type the name in its own letters.";

using Text = Owned<char, idn2_free>;

Unexpected refuse(std::string_view typed, std::string sentence) {
  constexpr std::size_t kShown = 80;
  return fail(Category::kInvalidInput, "use as the domain", std::string(typed.substr(0, kShown)),
              std::move(sentence));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string quoted(std::string_view text) { return "“" + std::string(text) + "”"; }

bool is_below(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix) &&
         name[name.size() - suffix.size() - 1] == '.';
}

bool is_or_is_below(std::string_view name, std::string_view suffix) {
  return name == suffix || is_below(name, suffix);
}

bool is_control(char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }

bool is_ascii(char letter) { return static_cast<unsigned char>(letter) < 0x80; }

// libidn2 drops these silently instead of refusing them. Capitals are gone by now.
bool is_forbidden_ascii(char letter) {
  const bool allowed =
      (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
  return is_ascii(letter) && !allowed;
}

bool is_ip_address(const std::string& text) {
  std::array<std::uint8_t, sizeof(in6_addr)> ignored{};
  const bool bracketed = text.starts_with('[');
  return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1 || bracketed;
}

// A name whose last label is a number is an IPv4 address to a browser (WHATWG URL, "ends in a number").
bool ends_in_number(std::string_view name) {
  const auto last = name.substr(name.rfind('.') + 1);
  return !last.empty() && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

// What people paste instead of a domain, by the sign that betrays it.
std::optional<std::string> not_a_domain(std::string_view text) {
  if (text.empty()) return "Type a domain, for example example.org.";
  if (text.size() > 4 * std::size_t{253})
    return "A domain has at most " + std::to_string(kLongestDomain) + " characters.";
  if (std::ranges::any_of(text, is_control))
    return "A domain has no control characters. Type it by hand instead of pasting it.";
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    return "Leave out " + quoted(text.substr(0, scheme + 3)) +
           " and type the domain alone, for example example.org.";
  }
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    return "This is an e-mail address. Type only the part after the @.";
  }
  if (is_ip_address(std::string(text))) {
    return "This is an IP address. Type a name, for example example.org, or cloud.home.arpa for a cloud that "
           "stays at home.";
  }
  if (text.find_first_of("/\\?#") != std::string_view::npos) {
    return "Type the domain alone, without a path, for example example.org.";
  }
  if (text.find(':') != std::string_view::npos)
    return "Type the domain alone, without a port, for example example.org.";
  if (text.find(' ') != std::string_view::npos) return "A domain has no spaces.";
  if (text.find('_') != std::string_view::npos) return "A domain has no underscores. Use a hyphen.";
  if (text.find('*') != std::string_view::npos)
    return "Type one domain, without *. Every name below it is included.";
  if (std::ranges::any_of(text, is_forbidden_ascii)) return std::string(kForbiddenCharacter);
  return std::nullopt;
}

std::string explain(int idn_error) {
  switch (idn_error) {
    case IDN2_TOO_BIG_LABEL:
      return "Each part between the dots has at most 63 characters.";
    case IDN2_TOO_BIG_DOMAIN:
      return "A domain has at most " + std::to_string(kLongestDomain) + " characters.";
    case IDN2_HYPHEN_STARTEND:
      return "No part of a domain begins or ends with a hyphen.";
    case IDN2_2HYPHEN:
      return "No part of a domain has hyphens in third and fourth place.";
    case IDN2_ENCODING_ERROR:
      return "This is not valid text (UTF-8). Type it by hand instead of pasting it.";
    default:
      return std::string(kForbiddenCharacter);
  }
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

// Hyphens and lengths of ASCII labels, which libidn2 lets pass.
std::optional<std::string> bad_label(std::string_view label) {
  if (label.empty()) return "There is a dot too many: two side by side, or one at the beginning.";
  if (label.size() > kLongestLabel && std::ranges::all_of(label, is_ascii))
    return explain(IDN2_TOO_BIG_LABEL);
  if (label.starts_with('-') || label.ends_with('-')) return explain(IDN2_HYPHEN_STARTEND);
  if (label.substr(0, 4).ends_with("--") && label.size() >= 4 && !label.starts_with("xn--"))
    return explain(IDN2_2HYPHEN);
  return std::nullopt;
}

std::optional<std::string> bad_labels(std::string_view name) {
  if (name.empty()) return bad_label(name);
  for (const auto label : std::views::split(name, '.')) {
    if (auto sentence = bad_label(std::string_view(label.begin(), label.end()))) return sentence;
  }
  return std::nullopt;
}

struct Spelling {
  std::string ascii;
  std::string unicode;
};

// UTS #46 maps what people type (capitals, full-width forms); the strict pass then refuses what IDNA 2008
// does.
std::expected<Spelling, int> spell(const std::string& typed) {
  char* raw = nullptr;
  constexpr int kMapping = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES;
  if (const int code = idn2_to_ascii_8z(typed.c_str(), &raw, kMapping); code != IDN2_OK)
    return std::unexpected(code);
  const Text mapped(raw);
  if (const int code = idn2_to_unicode_8z8z(mapped.get(), &raw, 0); code != IDN2_OK)
    return std::unexpected(code);
  const Text unicode(raw);
  constexpr int kStrict = IDN2_NO_TR46 | IDN2_ALABEL_ROUNDTRIP;
  if (const int code = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(unicode.get()),
                                      reinterpret_cast<std::uint8_t**>(&raw), kStrict);
      code != IDN2_OK) {
    return std::unexpected(code);
  }
  const Text strict(raw);
  if (std::string_view(strict.get()) != mapped.get()) return std::unexpected(IDN2_ALABEL_ROUNDTRIP_FAILED);
  return Spelling{.ascii = strict.get(), .unicode = unicode.get()};
}

std::optional<std::string> not_yours(const std::string& ascii) {
  for (const auto& [suffix, use] : kReserved) {
    if (!is_or_is_below(ascii, suffix)) continue;
    return "." + std::string(suffix) + " " + std::string(use) +
           ". Use a domain you own, or a name below .home.arpa or .internal at home.";
  }
  if (!ascii.contains('.')) {
    return quoted(ascii) + " is one word. A domain has at least two with a dot between, for example " +
           ascii + ".home.arpa.";
  }
  return std::nullopt;
}

// PSL_TYPE_ANY includes the private section: duckdns.org itself is refused, name.duckdns.org is somebody's
// own.
std::optional<std::string> not_registrable(const std::string& ascii) {
  const auto* list = psl_builtin();
  const auto top = ascii.substr(ascii.rfind('.') + 1);
  if (psl_is_public_suffix2(list, top.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 0) {
    return "No domains end in ." + top +
           ". Check the spelling, or use a name below .home.arpa or .internal at home.";
  }
  if (psl_is_public_suffix2(list, ascii.c_str(), PSL_TYPE_ANY) != 0) {
    return ascii + " is shared by many. Type the name you have below it, for example yourname." + ascii + ".";
  }
  return std::nullopt;
}

bool is_home(std::string_view ascii) {
  return std::ranges::any_of(kHomeSuffixes, [&](auto suffix) { return is_below(ascii, suffix); });
}

std::optional<std::string> bare_home_suffix(std::string_view ascii) {
  if (!std::ranges::contains(kHomeSuffixes, ascii)) return std::nullopt;
  return "Put a name of yours in front, for example cloud." + std::string(ascii) + ".";
}

}  // namespace

Result<Domain> Domain::parse(std::string_view typed) {
  auto text = lower_case(trim(typed));
  if (auto sentence = not_a_domain(text)) return refuse(typed, *sentence);
  if (text.ends_with('.')) text.pop_back();
  if (auto sentence = bad_labels(text)) return refuse(typed, *sentence);
  const auto spelling = spell(text);
  if (!spelling && text.contains("xn--")) return refuse(typed, std::string(kDamagedLabel));
  if (!spelling) return refuse(typed, explain(spelling.error()));
  const auto& [ascii, unicode] = *spelling;
  if (auto sentence = bad_labels(ascii)) return refuse(typed, *sentence);
  if (ascii.size() > kLongestDomain) return refuse(typed, explain(IDN2_TOO_BIG_DOMAIN));
  if (ends_in_number(ascii)) return refuse(typed, *not_a_domain("127.0.0.1"));
  if (auto sentence = bare_home_suffix(ascii)) return refuse(typed, *sentence);
  if (is_home(ascii)) return Domain(ascii, unicode, DomainKind::kHome);
  if (auto sentence = not_yours(ascii)) return refuse(typed, *sentence);
  if (auto sentence = not_registrable(ascii)) return refuse(typed, *sentence);
  return Domain(ascii, unicode, DomainKind::kPublic);
}

}  // namespace stratify::stack
