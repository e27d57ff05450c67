#include "stack/quadlet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "platform/process.hpp"
#include "tests/stack/render_fixture.hpp"

namespace stratify::stack::tests {
namespace {

using testing::HasSubstr;

class ContainerUnit : public Rendering {};

TEST_F(ContainerUnit, IsAcceptedByPodmansGenerator) {
  claim("example.org");
  const auto folder = TemporaryFolder::create(testing::TempDir());
  for (const auto& file : rendered().files) {
    if (!file.path.starts_with("/run/containers/systemd/")) continue;
    ASSERT_TRUE(write_file(folder->path() / std::filesystem::path(file.path).filename(), file.content));
  }
  RealProcessRunner runner;
  const auto output = runner.run({.arguments = {"/usr/libexec/podman/quadlet", "-dryrun"},
                                  .environment = {{"QUADLET_UNIT_DIRS", folder->path()}}});
  ASSERT_TRUE(output) << output.error().message();
  EXPECT_EQ(output->exit_code, 0) << output->err;
  for (const std::string unit :
       {"caddy", "radicale", "webdav", "caddy-network", "radicale-network", "webdav-network"}) {
    EXPECT_THAT(output->out, HasSubstr("---" + unit + ".service---")) << output->err;
  }
}

TEST_F(ContainerUnit, GivesAProviderNoNetworkButItsOwnAndTheProxyEach) {
  claim("example.org");
  EXPECT_THAT(file("/run/containers/systemd/radicale.container"),
              testing::Not(HasSubstr("Network=webdav.network")));
  EXPECT_THAT(file("/run/containers/systemd/radicale.network"), HasSubstr("Internal=true"));
  EXPECT_THAT(file("/run/containers/systemd/caddy.container"), HasSubstr("Network=webdav.network"));
}

TEST(BridgeName, IsCutToWhatTheKernelTakesAndStaysItsOwn) {
  const auto bridge = [](const std::string& name) {
    const auto text = network_unit(Provider{.name = name});
    const auto begin = text.find("--interface-name=") + 17;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(bridge("radicale"), "haven-radicale");
  EXPECT_EQ(bridge("lemonldap-portal").size(), 15U);
  EXPECT_NE(bridge("lemonldap-portal"), bridge("lemonldap-manager"));
}

TEST(CommandWords, AreQuotedForSystemd) {
  const Provider provider{.name = "x", .command = {"/bin/x", "two words", "100%", "$HOME"}};
  EXPECT_THAT(container_unit({.provider = provider, .image = "i", .networks = {}}),
              HasSubstr("Exec=/bin/x \"two words\" 100%% $$HOME\n"));
}

}  // namespace
}  // namespace stratify::stack::tests
