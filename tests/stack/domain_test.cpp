#include "stack/domain.hpp"

#include <gtest/gtest.h>

namespace stratify::stack {
namespace {

struct Accepted {
  std::string typed;
  std::string ascii;
  std::string unicode;
  DomainKind kind;
};

class AGoodDomain : public testing::TestWithParam<Accepted> {};

TEST_P(AGoodDomain, IsKeptInItsOneSpelling) {
  const auto& [typed, ascii, unicode, kind] = GetParam();
  const auto domain = Domain::parse(typed);
  ASSERT_TRUE(domain) << domain.error().message();
  EXPECT_EQ(domain->ascii(), ascii);
  EXPECT_EQ(domain->unicode(), unicode);
  EXPECT_EQ(domain->kind(), kind);
  EXPECT_EQ(Domain::parse(domain->ascii()), *domain) << "parsing its own result changes nothing";
}

constexpr auto kPublic = DomainKind::kPublic;
constexpr auto kHome = DomainKind::kHome;

INSTANTIATE_TEST_SUITE_P(
    AllOf, AGoodDomain,
    testing::Values(Accepted{"example.org", "example.org", "example.org", kPublic},
                    Accepted{"  Example.ORG.\r\n", "example.org", "example.org", kPublic},
                    Accepted{"cloud.example.co.uk", "cloud.example.co.uk", "cloud.example.co.uk", kPublic},
                    Accepted{"name.duckdns.org", "name.duckdns.org", "name.duckdns.org", kPublic},
                    Accepted{"Bücher.de", "xn--bcher-kva.de", "bücher.de", kPublic},
                    Accepted{"xn--bcher-kva.de", "xn--bcher-kva.de", "bücher.de", kPublic},
                    Accepted{"straße.de", "xn--strae-oqa.de", "straße.de", kPublic},
                    Accepted{"ｅｘａｍｐｌｅ。org", "example.org", "example.org", kPublic},
                    Accepted{"пример.рф", "xn--e1afmkfd.xn--p1ai", "пример.рф", kPublic},
                    Accepted{"3com.com", "3com.com", "3com.com", kPublic},
                    Accepted{"cloud.home.arpa", "cloud.home.arpa", "cloud.home.arpa", kHome},
                    Accepted{"cloud.internal", "cloud.internal", "cloud.internal", kHome},
                    Accepted{"our.cloud.local", "our.cloud.local", "our.cloud.local", kHome},
                    Accepted{"Haven.Test", "haven.test", "haven.test", kHome},
                    Accepted{"münchen.internal", "xn--mnchen-3ya.internal", "münchen.internal", kHome}));

struct Refused {
  std::string typed;
  std::string sentence;
};

class ABadDomain : public testing::TestWithParam<Refused> {};

TEST_P(ABadDomain, IsRefusedWithASentenceForThePerson) {
  const auto domain = Domain::parse(GetParam().typed);
  ASSERT_FALSE(domain) << domain->ascii();
  EXPECT_EQ(domain.error().category(), Category::kInvalidInput);
  EXPECT_EQ(domain.error().cause(), GetParam().sentence);
}

const std::string kIp =
    "This is an IP address. Type a name, for example example.org, or cloud.home.arpa for a cloud that stays "
    "at home.";
const std::string kOwn = ". Use a domain you own, or a name below .home.arpa or .internal at home.";
const std::string kCharacter =
    "It has a character that domains may not have. Letters, digits and hyphens are allowed.";
const std::string kDot = "There is a dot too many: two side by side, or one at the beginning.";
const std::string kHyphen = "No part of a domain begins or ends with a hyphen.";
const std::string kControl = "A domain has no control characters. Type it by hand instead of pasting it.";
const std::string kXn = "The part that begins with xn-- is damaged. Type the name in its own letters.";
const std::string kLabel63(63, 'a');

std::string of_length(std::size_t length) {
  auto name = kLabel63 + "." + kLabel63 + "." + kLabel63 + ".";
  return name + std::string(length - name.size() - 4, 'b') + ".org";
}

INSTANTIATE_TEST_SUITE_P(
    WhatPeoplePaste, ABadDomain,
    testing::Values(
        Refused{"", "Type a domain, for example example.org."},
        Refused{" \t\n", "Type a domain, for example example.org."},
        Refused{"https://example.org/",
                "Leave out “https://” and type the domain alone, for example example.org."},
        Refused{"HTTP://example.org",
                "Leave out “http://” and type the domain alone, for example example.org."},
        Refused{"example.org/cloud", "Type the domain alone, without a path, for example example.org."},
        Refused{"me@example.org", "This is an e-mail address. Type only the part after the @."},
        Refused{"192.168.1.20", kIp}, Refused{"2001:db8::1", kIp}, Refused{"[2001:db8::1]", kIp},
        Refused{"1.2.3", kIp},
        Refused{"example.org:443", "Type the domain alone, without a port, for example example.org."},
        Refused{"my cloud.org", "A domain has no spaces."},
        Refused{"my_cloud.org", "A domain has no underscores. Use a hyphen."},
        Refused{"*.example.org", "Type one domain, without *. Every name below it is included."},
        Refused{"cloud",
                "“cloud” is one word. A domain has at least two with a dot between, for example "
                "cloud.home.arpa."}));

INSTANTIATE_TEST_SUITE_P(
    NamesNobodyCanOwn, ABadDomain,
    testing::Values(
        Refused{"co.uk",
                "co.uk is shared by many. Type the name you have below it, for example yourname.co.uk."},
        Refused{"duckdns.org",
                "duckdns.org is shared by many. Type the name you have below it, for example "
                "yourname.duckdns.org."},
        Refused{"cloud.lan",
                "No domains end in .lan. Check the spelling, or use a name below .home.arpa or .internal at "
                "home."},
        Refused{"cloud.localhost", ".localhost always means the machine one sits at" + kOwn},
        Refused{"localhost", ".localhost always means the machine one sits at" + kOwn},
        Refused{"cloud.invalid", ".invalid never exists" + kOwn},
        Refused{"cloud.example", ".example is kept for documentation" + kOwn},
        Refused{"abc.onion", ".onion exists only inside Tor" + kOwn},
        Refused{"cloud.alt", ".alt exists only outside the DNS" + kOwn},
        Refused{"20.168.192.in-addr.arpa", ".arpa belongs to the machinery of the DNS" + kOwn},
        Refused{"home.arpa", "Put a name of yours in front, for example cloud.home.arpa."},
        Refused{"internal", "Put a name of yours in front, for example cloud.internal."},
        Refused{"local.", "Put a name of yours in front, for example cloud.local."},
        Refused{"test", "Put a name of yours in front, for example cloud.test."}));

INSTANTIATE_TEST_SUITE_P(
    FormsTheDnsForbids, ABadDomain,
    testing::Values(
        Refused{".example.org", kDot}, Refused{"example..org", kDot}, Refused{"example.org..", kDot},
        Refused{".", kDot}, Refused{"-cloud.org", kHyphen}, Refused{"cloud-.org", kHyphen},
        Refused{"ab--cd.org", "No part of a domain has hyphens in third and fourth place."},
        Refused{kLabel63 + "a.org", "Each part between the dots has at most 63 characters."},
        Refused{of_length(236), "A domain has at most 235 characters."},
        Refused{std::string(2000, 'a'), "A domain has at most 235 characters."}, Refused{"xn--a.org", kXn},
        Refused{"xn--80ak6aa92e\x01.org", kControl}, Refused{std::string("cloud\0.org", 10), kControl},
        Refused{"clo\x1bud.org", kControl}, Refused{"clo\u202eud.org", kCharacter},
        Refused{"cloud!.org", kCharacter}, Refused{"💩.la", kCharacter}, Refused{"a\u200db.org", kCharacter},
        Refused{"\xff\xfe.org", "This is not valid text (UTF-8). Type it by hand instead of pasting it."}));

TEST(ALongDomain, IsAcceptedWhileTheLongestServiceNameStillFits) {
  EXPECT_TRUE(Domain::parse(of_length(235))) << Domain::parse(of_length(235)).error().message();
}

}  // namespace
}  // namespace stratify::stack
