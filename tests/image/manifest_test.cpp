#include "image/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>

#include "platform/file.hpp"

namespace stratify::image {
namespace {

// A sound manifest; line 1 is "name: tiny".
const std::string kManifest = R"(name: tiny
version: 1.2.3
architecture: amd64
suites:
  - name: trixie
    archive: debian
    keyring: /keys.gpg
os:
  packages: [systemd, dbus]
  files:
    - {from: units, to: /usr/lib/systemd/system}
    - {from: "build:usr", to: /usr}
services: [web]
kernel_arguments: [rw]
disk: {size: 4 GiB, esp: 64 MiB, boot: 512 MiB}
)";

const std::string kRecipe = R"(name: web
packages: [caddy]
command: [/usr/bin/caddy, run]
environment: {HOME: /tmp}
)";

Result<Manifest> parse(const std::string& manifest, const std::string& recipe = kRecipe) {
  return parse_manifest(manifest, "m.yaml", [&](const std::string& name) -> Result<Document> {
    return Document{recipe, "services/" + name + ".yaml"};
  });
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(AManifest, SaysWhatAnImageIsMadeOf) {
  const auto manifest = parse(kManifest).value();
  EXPECT_EQ(manifest.name, "tiny");
  EXPECT_EQ(manifest.version, "1.2.3");
  EXPECT_EQ(manifest.suites.at(0).components, std::vector<std::string>{"main"});
  EXPECT_EQ(manifest.suites.at(0).keyring, "/keys.gpg");
  EXPECT_EQ(manifest.os.name, "os");
  EXPECT_THAT(manifest.os.packages, testing::ElementsAre("systemd", "dbus"));
  EXPECT_EQ(manifest.disk.size_mib, 4096U);
  EXPECT_EQ(manifest.disk.boot_mib, 512U);
}

TEST(AManifest, TellsFilesOfTheProjectFromThoseThatWereBuilt) {
  const auto files = parse(kManifest)->os.files;
  EXPECT_EQ(files.at(0).origin, FileOrigin::kProject);
  EXPECT_EQ(files.at(0).from, "units");
  EXPECT_EQ(files.at(1).origin, FileOrigin::kBuild);
  EXPECT_EQ(files.at(1).from, "usr");
  EXPECT_EQ(files.at(1).to, "/usr");
}

TEST(ARecipe, HasDefaultsForWhatItDoesNotSay) {
  const auto service = parse(kManifest)->services.at(0);
  EXPECT_EQ(service.tree.name, "web");
  EXPECT_EQ(service.user, "0:0");
  EXPECT_EQ(service.working_folder, "/");
  EXPECT_THAT(service.environment, testing::ElementsAre("HOME=/tmp"));
}

TEST(TheManifestOfCore, IsSound) {
  const auto manifest = load_manifest("image/core.yaml");
  ASSERT_TRUE(manifest) << manifest.error().message();
  EXPECT_EQ(manifest->name, "core");
}

TEST(AManifest, ThatIsMissingIsNamed) {
  EXPECT_EQ(load_manifest("image/absent.yaml").error().message(),
            "image/absent.yaml: cannot open: No such file or directory");
}

TEST(AManifest, NamesTheServiceWhoseRecipeIsMissing) {
  const auto folder = TemporaryFolder::create(testing::TempDir()).value();
  const auto path = folder.path() / "m.yaml";
  const auto wanted = (folder.path() / "services/web.yaml").string();
  ASSERT_TRUE(write_file(path, kManifest));
  const auto where = path.string() + ":13:11: service \"web\": there is no recipe " + wanted;
  EXPECT_EQ(load_manifest(path).error().message(), where + "; recipes lie in services/ beside the manifest");
  ASSERT_TRUE(write_file(folder.path() / "services/webs.yaml", kRecipe));
  EXPECT_EQ(load_manifest(path).error().message(), where + "; did you mean \"webs\"?");
}

// What replaces what in the sound manifest, and the whole message that must follow.
struct Mistake {
  std::string from;
  std::string to;
  std::string message;

  friend void PrintTo(const Mistake& mistake, std::ostream* to) {
    *to << mistake.from << " -> " << mistake.to;
  }
};

class ABadManifest : public testing::TestWithParam<Mistake> {};

TEST_P(ABadManifest, IsRefusedWithTheExactPlaceAndReason) {
  const auto result = parse(with(kManifest, GetParam().from, GetParam().to));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), GetParam().message);
  EXPECT_EQ(result.error().category(), Category::kInvalidInput);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ABadManifest,
    testing::Values(
        Mistake{"name: tiny", "nmae: tiny", R"(m.yaml:1:1: unknown key "nmae"; did you mean "name"?)"},
        Mistake{"name: tiny", "colour: red", R"(m.yaml:1:1: unknown key "colour")"},
        Mistake{"name: tiny\n", "", R"(m.yaml:1:1: the key "name" is missing)"},
        Mistake{"name: tiny", "name: tiny\nname: tiny", R"(m.yaml:2:1: the key "name" is given twice)"},
        Mistake{"name: tiny", "name: Tiny", R"(m.yaml:1:7: expected a name (a-z, 0-9, -), found "Tiny")"},
        Mistake{"name: tiny", "name: [tiny]", R"(m.yaml:1:7: expected a name (a-z, 0-9, -), found a list)"},
        Mistake{"name: tiny", "name:", R"(m.yaml:1:1: expected a name (a-z, 0-9, -), found nothing)"},
        Mistake{"1.2.3", "1.2", R"(m.yaml:2:10: expected a version such as 1.2.3, found "1.2")"},
        Mistake{"1.2.3", "1.2.3-", R"(m.yaml:2:10: expected a version such as 1.2.3, found "1.2.3-")"},
        Mistake{"amd64", "x86", R"(m.yaml:3:15: expected amd64 or arm64, found "x86")"},
        Mistake{"archive: debian", "archive: ubuntu",
                R"(m.yaml:6:14: expected debian or debian-security, found "ubuntu")"},
        Mistake{"    archive: debian\n", "", R"(m.yaml:5:5: the key "archive" is missing)"},
        Mistake{"/keys.gpg", "keys.gpg",
                R"(m.yaml:7:14: expected an absolute path without "..", found "keys.gpg")"},
        Mistake{"/keys.gpg", "/a/../keys.gpg",
                R"(m.yaml:7:14: expected an absolute path without "..", found "/a/../keys.gpg")"},
        Mistake{"    keyring: /keys.gpg", "    keyring: /keys.gpg\n    onyl: [a]",
                R"(m.yaml:8:5: unknown key "onyl"; did you mean "only"?)"},
        Mistake{"[systemd, dbus]", "systemd", R"(m.yaml:9:13: expected a list, found "systemd")"},
        Mistake{"[systemd, dbus]", "[systemd, {a: b}]",
                R"(m.yaml:9:23: expected the name of a package (a-z, 0-9, +, -, .), found a map)"},
        Mistake{"[systemd, dbus]", "[systemd, systemd]", R"(m.yaml:9:23: "systemd" is listed twice)"},
        Mistake{"[systemd, dbus]", "[Systemd]",
                R"(m.yaml:9:14: expected the name of a package (a-z, 0-9, +, -, .), found "Systemd")"},
        Mistake{
            "from: units", "from: ../units",
            R"(m.yaml:11:14: expected a path below the project, or "build:" and a path below the installed programs, found "../units")"},
        Mistake{
            "from: units", "from: /units",
            R"(m.yaml:11:14: expected a path below the project, or "build:" and a path below the installed programs, found "/units")"},
        Mistake{"from: units, ", "", R"(m.yaml:11:7: the key "from" is missing)"},
        Mistake{"to: /usr/lib", "to: usr/lib",
                R"(m.yaml:11:25: expected an absolute path without "..", found "usr/lib/systemd/system")"},
        Mistake{"services: [web]", "services: web", R"(m.yaml:13:11: expected a list, found "web")"},
        Mistake{"services: [web]", "services: [../web]",
                R"(m.yaml:13:12: expected a name (a-z, 0-9, -), found "../web")"},
        Mistake{"[rw]", "[\"rw quiet\"]", R"(m.yaml:14:20: expected a single word, found "rw quiet")"},
        Mistake{"4 GiB", "4 GB",
                R"(m.yaml:15:14: expected a size such as "512 MiB" or "4 GiB", found "4 GB")"},
        Mistake{"4 GiB", "-4 GiB",
                R"(m.yaml:15:14: expected a size such as "512 MiB" or "4 GiB", found "-4 GiB")"},
        Mistake{
            "4 GiB", "99999999999999999999 GiB",
            R"(m.yaml:15:14: expected a size such as "512 MiB" or "4 GiB", found "99999999999999999999 GiB")"},
        Mistake{"4 GiB", "500 MiB",
                R"(m.yaml:15:7: the disk's size leaves no room for the root beside esp and boot)"},
        Mistake{"boot: 512 MiB}", "boot: 512 MiB, virtual: 2 GiB}",
                R"(m.yaml:15:7: the disk's virtual size is less than its size)"},
        Mistake{"disk: {", "disk: [", R"(m.yaml:15:47: not YAML: illegal flow end)"},
        Mistake{"name: tiny", "\tname: tiny", R"(m.yaml:1:6: not YAML: illegal map value)"},
        Mistake{"name: tiny", "name: \"\\\x01\"", R"(m.yaml:1:10: not YAML: unknown escape character: ?)"},
        Mistake{"name: tiny", "name: tiny\n---\nname: tiny",
                R"(m.yaml:2:1: expected one document, found more after its end)"}));

class ABadRecipe : public testing::TestWithParam<Mistake> {};

TEST_P(ABadRecipe, IsRefusedWithTheExactPlaceAndReason) {
  const auto result = parse(kManifest, with(kRecipe, GetParam().from, GetParam().to));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ABadRecipe,
    testing::Values(
        Mistake{"name: web", "name: caddy",
                R"(services/web.yaml:1:7: expected the name of this file, "web", found "caddy")"},
        Mistake{"[/usr/bin/caddy, run]", "[]",
                R"(services/web.yaml:3:10: expected a program and its arguments, found an empty list)"},
        Mistake{"command", "commands",
                R"(services/web.yaml:3:1: unknown key "commands"; did you mean "command"?)"},
        Mistake{"{HOME: /tmp}", "[HOME]",
                R"(services/web.yaml:4:14: expected a map of names and values, found a list)"},
        Mistake{"{HOME: /tmp}", "{A=B: c}",
                R"(services/web.yaml:4:15: expected the name of a variable, found "A=B")"},
        Mistake{"{HOME: /tmp}", "{HOME: [a]}", R"(services/web.yaml:4:21: expected text, found a list)"}));

TEST(ABadManifest, ThatIsEmptyIsToldSo) {
  EXPECT_EQ(parse("").error().message(), "m.yaml: expected a map, found nothing");
}

TEST(ABadManifest, WithAStrayCommaIsRefusedRatherThanReadForever) {
  EXPECT_EQ(parse(",").error().message(), "m.yaml:1:1: expected one document, found more after its end");
}

TEST(ABadManifest, NestedWithoutEndIsRefused) { EXPECT_FALSE(parse(std::string(100000, '['))); }

}  // namespace
}  // namespace stratify::image
