#include "image/lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "platform/file.hpp"

namespace stratify::image {
namespace {

LockedPackage package(const std::string& name, const std::string& version, std::vector<std::string> images) {
  const auto path = "pool/main/" + name + ".deb";
  return {.name = name,
          .version = version,
          .architecture = "amd64",
          .suite = "trixie",
          .archive = "debian",
          .path = path,
          .sha256 = Sha256::of(name + version),
          .size = 1000,
          .images = std::move(images)};
}

Lock sound_lock() {
  return {.created = 1767225600,
          .request = Sha256::of("request"),
          .packages = {package("caddy", "2.11~bpo13+1", {"caddy"}),
                       package("libc6", "1:2.41-12", {"caddy", "os"})}};
}

std::string names(const std::vector<LockedPackage>& packages) {
  std::string result;
  for (const auto& one : packages) result += one.name + " ";
  return result;
}

TEST(ALock, ReadsBackAsItWasWritten) {
  const auto folder = TemporaryFolder::create(testing::TempDir()).value();
  ASSERT_TRUE(save_lock(sound_lock(), folder.path() / "core.lock"));
  EXPECT_EQ(load_lock(folder.path() / "core.lock"), sound_lock());
}

TEST(ALock, WithoutPackagesReadsBackToo) {
  const Lock empty;
  EXPECT_EQ(parse_lock(to_yaml(empty), "l"), empty);
}

TEST(ALock, HasOneLineAPackageAndAReadableTime) {
  const auto text = to_yaml(sound_lock());
  EXPECT_EQ(std::ranges::count(text, '\n'), 4 + 2 + 1);
  EXPECT_THAT(text, testing::HasSubstr("\ncreated: 2026-01-01T00:00:00Z\n"));
  EXPECT_THAT(text, testing::HasSubstr("\n  - {name: libc6, version: \"1:2.41-12\", "));
}

TEST(ALock, GivesThePackagesOfOneImage) {
  EXPECT_EQ(names(sound_lock().of_image("caddy")), "caddy libc6 ");
  EXPECT_EQ(names(sound_lock().of_image("os")), "libc6 ");
  EXPECT_EQ(names(sound_lock().of_image("absent")), "");
}

TEST(ALock, IsRefusedWithAnyOneByteFlipped) {
  const auto sound = to_yaml(sound_lock());
  for (std::size_t i = 0; i < sound.size(); ++i) {
    auto flipped = sound;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(parse_lock(flipped, "core.lock")) << "byte " << i << ": " << flipped.substr(i, 20);
  }
}

TEST(ALock, ChangedAfterItWasWrittenSaysWhatToDo) {
  auto text = to_yaml(sound_lock());
  text.replace(text.find("size: 1000"), 10, "size: 2000");
  const auto error = parse_lock(text, "core.lock").error();
  EXPECT_EQ(error.category(), Category::kVerification);
  EXPECT_EQ(error.message(),
            "core.lock: cannot use: it was changed after it was written, its checksum does not match; "
            "restore it, or make it "
            "anew with `stratify lock`");
}

struct Mistake {
  std::string from;
  std::string to;
  std::string message;

  friend void PrintTo(const Mistake& mistake, std::ostream* to) {
    *to << mistake.from << " -> " << mistake.to;
  }
};

class ABadLock : public testing::TestWithParam<Mistake> {};

TEST_P(ABadLock, IsRefusedWithTheExactPlaceAndReason) {
  auto text = to_yaml(sound_lock());
  const auto at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  const auto result = parse_lock(text.replace(at, GetParam().from.size(), GetParam().to), "l");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ABadLock,
    testing::Values(
        Mistake{"created: 2026-01-01T00:00:00Z", "created: yesterday",
                R"(l:2:10: expected a time such as 2026-01-31T12:00:00Z, found "yesterday")"},
        Mistake{"2026-01-01", "2026-02-30",
                R"(l:2:10: expected a time such as 2026-01-31T12:00:00Z, found "2026-02-30T00:00:00Z")"},
        Mistake{"T00:00:00Z", "T25:00:00Z",
                R"(l:2:10: expected a time such as 2026-01-31T12:00:00Z, found "2026-01-01T25:00:00Z")"},
        Mistake{"request:", "requests:", R"(l:3:1: unknown key "requests"; did you mean "request"?)"},
        Mistake{"name: caddy, ", "", R"(l:5:5: the key "name" is missing)"},
        Mistake{"size: 1000", "size: -1", R"(l:5:103: expected a number from 1 to 8589934592, found "-1")"},
        Mistake{"size: 1000", "size: 0", R"(l:5:103: expected a number from 1 to 8589934592, found "0")"},
        Mistake{"sha256: ", "sha256: x",
                "l:5:134: expected 64 lower-case hexadecimal digits, found \"x" +
                    Sha256::of("caddy2.11~bpo13+1").hex().substr(0, 59) + "...\""},
        Mistake{"\"pool/main/caddy.deb\"", "/etc/passwd",
                R"(l:5:206: expected a path below pool/, found "/etc/passwd")"},
        Mistake{"pool/main/caddy.deb", "pool/../caddy.deb",
                R"(l:5:206: expected a path below pool/, found "pool/../caddy.deb")"},
        Mistake{"archive: debian", "archive: elsewhere",
                R"(l:5:89: expected debian or debian-security, found "elsewhere")"},
        Mistake{"\"2.11~bpo13+1\"", "\"2.11/1\"", R"(l:5:28: expected a version, found "2.11/1")"},
        Mistake{"name: libc6", "name: abba", R"(l:6:5: abba is out of order or listed twice)"},
        Mistake{"checksum: ", "# ", R"(l:2:1: the key "checksum" is missing)"}));

Manifest request() {
  Manifest manifest;
  manifest.architecture = "amd64";
  manifest.suites = {
      {.name = "trixie", .archive = "debian", .components = {"main"}, .keyring = "/k", .only = {}}};
  manifest.os.name = "os";
  manifest.os.packages = {"systemd", "dbus"};
  return manifest;
}

TEST(ARequest, DoesNotDependOnTheOrderOfPackages) {
  auto other = request();
  std::ranges::reverse(other.os.packages);
  EXPECT_EQ(request_of(other), request_of(request()));
}

TEST(ARequest, ChangesWithPackagesAndSuites) {
  auto more = request();
  more.os.packages.emplace_back("podman");
  auto only = request();
  only.suites[0].only = {"caddy"};
  EXPECT_NE(request_of(more), request_of(request()));
  EXPECT_NE(request_of(only), request_of(request()));
}

TEST(ALock, MadeForAnotherRequestIsRefused) {
  Lock lock{.request = request_of(request())};
  EXPECT_TRUE(check_answers(lock, request(), "core.lock"));
  auto more = request();
  more.os.packages.emplace_back("podman");
  EXPECT_EQ(check_answers(lock, more, "core.lock").error().message(),
            "core.lock: cannot use: the manifest has asked for other suites or packages since it was made; "
            "run `stratify lock`");
}

TEST(TwoLocks, DifferByWhatWasAddedRemovedAndChanged) {
  const Lock before{.packages = {package("a", "1", {"os"}), package("b", "1", {"os"}),
                                 package("c", "1", {"os"}), package("d", "1", {"os"})}};
  const Lock after{.packages = {package("b", "2", {"os"}), package("c", "1", {"os", "web"}),
                                package("d", "1", {"os"}), package("e", "1", {"web"})}};
  EXPECT_EQ(to_text(diff_locks(before, after)),
            "- a 1 (os)\n~ b 1 -> 2 (os)\n~ c 1 (os -> os, web)\n+ e 1 (web)\n");
}

TEST(TwoLocks, WithOneNameInTwoVersionsAreComparedVersionByVersion) {
  const Lock before{.packages = {package("a", "1", {"os"}), package("a", "2", {"web"})}};
  const Lock after{.packages = {package("a", "2", {"web"})}};
  EXPECT_EQ(to_text(diff_locks(before, after)), "- a 1 (os)\n");
}

TEST(TwoLocks, ThatAreEqualDoNotDiffer) { EXPECT_TRUE(diff_locks(sound_lock(), sound_lock()).empty()); }

TEST(TheLockOfCore, IsSoundAndAnswersItsManifest) {
  const auto lock = load_lock("image/core.lock");
  ASSERT_TRUE(lock) << lock.error().message();
  const auto manifest = load_manifest("image/core.yaml");
  ASSERT_TRUE(manifest) << manifest.error().message();
  const auto answers = check_answers(*lock, *manifest, "image/core.lock");
  EXPECT_TRUE(answers) << answers.error().message();
}

}  // namespace
}  // namespace stratify::image
