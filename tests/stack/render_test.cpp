#include "stack/render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/stack/render_fixture.hpp"
#include "tests/support/golden.hpp"

namespace stratify::stack::tests {
namespace {

using stratify::tests::expect_golden;
using testing::HasSubstr;
using testing::Not;

// Folders, secrets and units as lines.
std::string outline(const DesiredState& state) {
  std::string text;
  for (const auto& folder : state.folders) {
    text += "folder " + folder.path + (folder.subvolume ? " subvolume" : "") + " of " +
            std::to_string(folder.owner) + "\n";
  }
  for (const auto& secret : state.secrets) text += "secret " + secret.name + " from " + secret.file + "\n";
  for (const auto& unit : state.units) {
    text += "unit " + unit.unit + (unit.can_reload ? " (reloads)" : "") + "\n";
    for (const auto& path : unit.definition) text += "  defined by " + path + "\n";
    for (const auto& path : unit.configuration) text += "  configured by " + path + "\n";
    for (const auto& name : unit.secrets) text += "  with secret " + name + "\n";
  }
  return text;
}

void expect_golden_state(const std::string& name, const DesiredState& state) {
  expect_golden("stack/golden/" + name + "/outline", outline(state));
  for (const auto& file : state.files) expect_golden("stack/golden/" + name + file.path, file.content);
}

using AnUnclaimedMachine = Rendering;

TEST_F(AnUnclaimedMachine, RunsTheProxyAlone) { expect_golden_state("unclaimed", rendered()); }

TEST_F(AnUnclaimedMachine, HasNothingLiveAndNoSecrets) {
  EXPECT_FALSE(rendered().live);
  EXPECT_TRUE(rendered().secrets.empty());
}

TEST_F(AnUnclaimedMachine, KeepsTheProxysContainerWhenItIsClaimed) {
  const auto before = file("/run/containers/systemd/caddy.container");
  claim("box.home.arpa");
  EXPECT_EQ(file("/run/containers/systemd/caddy.container"), before);
}

using AHomeName = Rendering;

TEST_F(AHomeName, IsServedWithTheBoxsOwnAuthority) {
  claim("box.home.arpa");
  expect_golden_state("home", rendered());
}

TEST_F(AHomeName, NeverAsksAPublicAuthorityNorForbidsHttp) {
  claim("box.home.arpa");
  facts_.ready_names = {"box.home.arpa", "files.box.home.arpa"};
  const auto caddyfile = file("/run/openhaven/caddy/Caddyfile");
  EXPECT_THAT(caddyfile, Not(HasSubstr("import public")));
  EXPECT_THAT(caddyfile, Not(HasSubstr("Strict-Transport-Security")));
}

TEST_F(AHomeName, BehindForwardedPortsIsLinkedWhereOthersReachIt) {
  facts_.ports = {.http = 8080, .https = 8443};
  claim("box.home.arpa");
  const auto live = rendered().live.value();
  EXPECT_EQ(live.url, "https://box.home.arpa:8443/");
  EXPECT_EQ(live.authority_url, "http://box.home.arpa:8080/openhaven-ca.crt");
  EXPECT_EQ(live.addresses.at(0).url, "https://calendar.box.home.arpa:8443/");
  EXPECT_EQ(live.addresses.at(0).hints.at(0).value, "https://calendar.box.home.arpa:8443/owner/");
  const auto caddyfile = file("/run/openhaven/caddy/Caddyfile");
  EXPECT_THAT(caddyfile, HasSubstr("redir https://{host}:8443{uri} 308"));
  EXPECT_THAT(caddyfile, HasSubstr("redir /.well-known/caldav https://calendar.box.home.arpa:8443/ 301"));
  EXPECT_THAT(caddyfile, HasSubstr("\nhttps://box.home.arpa {")) << "its own port stays the usual one";
}

class APublicName : public Rendering {
 protected:
  void SetUp() override {
    Rendering::SetUp();
    claim("example.org");
  }
};

TEST_F(APublicName, IsServedWithTheBoxsOwnAuthorityBeforeDnsLeadsHere) {
  expect_golden("stack/golden/public-before/Caddyfile", file("/run/openhaven/caddy/Caddyfile"));
  expect_golden("stack/golden/public-before/live.json", file("/run/openhaven/live.json"));
}

TEST_F(APublicName, GetsAPublicCertificateNameByNameAsDnsComesToLeadHere) {
  facts_.ready_names = {"example.org", "calendar.example.org"};
  expect_golden("stack/golden/public-after/Caddyfile", file("/run/openhaven/caddy/Caddyfile"));
}

TEST_F(APublicName, ChangesNothingButTheProxysConfigurationWhenDnsLeadsHere) {
  const auto before = rendered();
  facts_.ready_names = {"example.org", "calendar.example.org", "files.example.org"};
  const auto after = rendered();
  for (std::size_t i = 0; i < before.files.size(); ++i) {
    if (before.files[i].path.ends_with("Caddyfile")) continue;
    EXPECT_EQ(before.files[i], after.files[i]);
  }
}

TEST_F(APublicName, MayHaveItsCertificateFromAnotherAuthority) {
  claim("example.org",
        "acme_ca: https://ca.example.org/dir\n"
        "acme_ca_root: |\n  -----BEGIN CERTIFICATE-----\n  AAAA\n  -----END CERTIFICATE-----\n");
  EXPECT_THAT(file("/run/openhaven/caddy/Caddyfile"), HasSubstr("acme_ca https://ca.example.org/dir"));
  EXPECT_THAT(file("/run/openhaven/caddy/acme-root.pem"), HasSubstr("AAAA"));
}

TEST_F(APublicName, LosesItsServiceWhenTheVersionLacksTheImage) {
  images_.erase("webdav");
  const auto state =
      render({.catalogue = catalogue_, .configuration = configuration_, .facts = facts_, .images = images_});
  EXPECT_EQ(state.error().message(),
            "webdav: cannot find the image of: this version holds no image 'webdav'");
}

TEST_F(APublicName, KeepsSecretsOutOfEveryRenderedFile) {
  for (const auto& file : rendered().files) {
    EXPECT_THAT(file.content, Not(HasSubstr("$2y$"))) << file.path;
    EXPECT_THAT(file.content, Not(HasSubstr("type=env"))) << file.path;
  }
}

}  // namespace
}  // namespace stratify::stack::tests
