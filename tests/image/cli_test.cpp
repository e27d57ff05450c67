#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <sstream>

#include "image/cli/run.hpp"
#include "image/cli/verb.hpp"
#include "image/lock.hpp"
#include "platform/file.hpp"
#include "tests/support/signed_archive.hpp"

namespace stratify::image {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome stratify(const std::vector<std::string>& command_line) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = cli::run(command_line, {.out = out, .err = err});
  return {code, out.str(), err.str()};
}

TEST(TheProgram, WithoutAVerbShowsItsOverviewAndFails) {
  const auto outcome = stratify({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("SYNOPSIS\n  stratify VERB"));
}

TEST(TheProgram, SuggestsTheVerbThatWasMeant) {
  EXPECT_EQ(stratify({"buidl"}).err, "stratify: buidl: no such verb; did you mean `stratify build`?\n");
  EXPECT_EQ(stratify({"xyzzy"}).err, "stratify: xyzzy: no such verb; `stratify --help` lists them\n");
}

TEST(TheProgram, ExplainsEachVerbInFull) {
  for (const auto& verb : cli::verbs()) {
    const auto outcome = stratify({verb.name, "--help"});
    EXPECT_EQ(outcome.code, 0);
    for (const auto* section :
         {"SYNOPSIS\n", "DESCRIPTION\n", "OPTIONS\n", "EXIT CODES\n", "EXAMPLES\n", "FILES\n"}) {
      EXPECT_THAT(outcome.out, HasSubstr(section)) << verb.name;
    }
  }
}

TEST(TheProgram, RefusesAnOptionItDoesNotKnow) {
  const auto outcome = stratify({"lock", "--chek"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "stratify: lock: unrecognised option '--chek'; did you mean --check?\n");
  EXPECT_EQ(stratify({"lock", "--xyzzyx"}).err,
            "stratify: lock: unrecognised option '--xyzzyx'; `stratify lock --help` lists them\n");
}

TEST(TheProgram, RefusesOperandsWhereThereAreNone) {
  const auto outcome = stratify({"build", "x"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "stratify: build: it takes no operands, only options; `stratify build --help` explains\n");
}

TEST(TheProgram, TellsAProgramItsErrorsInJson) {
  const auto outcome = stratify({"build", "--json", "--manifest", "absent.yaml"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_EQ(outcome.out,
            R"({"error":"absent.yaml: cannot open: No such file or directory","category":"not-found",)"
            R"("object":"absent.yaml","cause":"No such file or directory"})"
            "\n");
}

// A project of one package, its signed archive below "debian", served over HTTP.
class AProject : public testing::Test {
 protected:
  AProject() {
    publish("1.0");
    const auto manifest = std::format(
        "name: tiny\nversion: 1.0.0\narchitecture: amd64\nsuites:\n  - {{name: stable, archive: debian, "
        "keyring: {}}}\n"
        "os: {{packages: [server]}}\ndisk: {{size: 1 GiB, esp: 64 MiB, boot: 128 MiB}}\n",
        key_.keyring().string());
    write_file(folder_.path() / "tiny.yaml", manifest).value();
  }

  void publish(const std::string& version) {
    tests::write_suite(folder_.path() / "debian", {.packages = {{"server", version}}, .signer = &key_});
  }

  Outcome run(const std::string& verb, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{verb,
                                   "--manifest",
                                   (folder_.path() / "tiny.yaml").string(),
                                   "--output",
                                   (folder_.path() / "out").string(),
                                   "--mirror",
                                   "file://" + (folder_.path() / "debian").string()};
    words.insert(words.end(), more.begin(), more.end());
    return stratify(words);
  }

  [[nodiscard]] std::string locked_version() const {
    return load_lock(folder_.path() / "tiny.lock")->packages.at(0).version;
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  tests::SigningIdentity key_{folder_.path() / "key"};
};

TEST_F(AProject, IsLockedBesideItsManifest) {
  const auto outcome = run("lock");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(locked_version(), "1.0");
  EXPECT_THAT(outcome.out, HasSubstr("1 packages   1.0 kB"));
}

TEST_F(AProject, LockedAnewSaysWhatChanged) {
  run("lock");
  publish("2.0");
  EXPECT_EQ(run("lock", {"--check"}).code, 3);
  EXPECT_EQ(locked_version(), "1.0");
  EXPECT_THAT(run("lock").out, HasSubstr("~ server 1.0 -> 2.0 (os)\n"));
  EXPECT_EQ(run("lock", {"--check"}).code, 0);
}

TEST_F(AProject, LockedTwiceGivesTheSameFile) {
  run("lock");
  const auto first = read_file(folder_.path() / "tiny.lock");
  run("lock");
  EXPECT_EQ(read_file(folder_.path() / "tiny.lock"), first);
}

TEST_F(AProject, WithoutALockIsToldToMakeOne) {
  const auto outcome = run("build");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(
      outcome.err,
      HasSubstr("tiny.lock: cannot build without a lock: there is no such file; `stratify lock` makes it"));
}

TEST_F(AProject, WhoseManifestAsksForMoreThanItsLockIsNotBuilt) {
  run("lock");
  auto manifest = read_file(folder_.path() / "tiny.yaml").value();
  manifest.replace(manifest.find("[server]"), 8, "[server, more]");
  ASSERT_TRUE(write_file(folder_.path() / "tiny.yaml", manifest));
  EXPECT_EQ(run("build").code, 3);
}

TEST_F(AProject, WhosePackageLeftTheMirrorIsLockedAnewUnlessThatIsForbidden) {
  run("lock");
  publish("2.0");
  const auto forbidden = run("build", {"--locked"});
  EXPECT_EQ(forbidden.code, 4);
  EXPECT_THAT(forbidden.err, HasSubstr("server 1.0: cannot fetch what is locked: it left the mirror"));
  EXPECT_EQ(locked_version(), "1.0");
  const auto allowed = run("build");
  EXPECT_THAT(allowed.err, HasSubstr("server 1.0 left the mirror: the packages are resolved anew"));
  EXPECT_THAT(allowed.err, HasSubstr("~ server 1.0 -> 2.0 (os)\n"));
  EXPECT_EQ(locked_version(), "2.0");
}

// A mirror that once gave 2.0 and now, signed as ever, gives 1.0 again.
class AProjectWhoseMirrorWentBack : public AProject {
 protected:
  AProjectWhoseMirrorWentBack() {
    publish("2.0");
    run("lock");
    publish("1.0");
  }
};

TEST_F(AProjectWhoseMirrorWentBack, IsNotBuiltOfLowerVersionsAndKeepsItsLock) {
  const auto before = read_file(folder_.path() / "tiny.lock").value();
  const auto outcome = run("build");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err,
              HasSubstr("tiny.lock: cannot make anew: the mirror has only lower versions than are locked: "
                        "server 2.0 -> 1.0; it is outdated or not honest"));
  EXPECT_EQ(read_file(folder_.path() / "tiny.lock"), before);
}

TEST_F(AProjectWhoseMirrorWentBack, GoesBackWhenAPersonLocksItAndIsToldWhatIsLower) {
  EXPECT_THAT(run("lock", {"--check"}).err, HasSubstr("LOWER than before: server 2.0 -> 1.0\n"));
  const auto outcome = run("lock");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("LOWER than before: server 2.0 -> 1.0\nThe mirror is outdated"));
  EXPECT_EQ(locked_version(), "1.0");
}

TEST_F(AProject, WhoseVersionsOnlyRiseIsNotWarnedOf) {
  run("lock");
  publish("1.10");
  EXPECT_THAT(run("lock").out, Not(HasSubstr("LOWER")));
}

}  // namespace
}  // namespace stratify::image
