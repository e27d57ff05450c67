#include "image/unpack.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "image/diversions.hpp"
#include "platform/file.hpp"
#include "platform/process.hpp"
#include "tests/support/deb_builder.hpp"

namespace stratify::image {
namespace {

using test::deb;
using test::folder;
using test::TarEntry;

class AnUnpackedPackage : public testing::Test {
 protected:
  PackageFile package(const std::string& bytes, const std::string& name = "tiny") {
    const auto file = folder_.path() / (Sha256::of(bytes).hex() + ".deb");
    EXPECT_TRUE(write_file(file, bytes));
    return {LockedPackage{.name = name,
                          .version = "1.0-1",
                          .architecture = "all",
                          .sha256 = Sha256::of(bytes),
                          .size = bytes.size()},
            file};
  }

  Result<Sha256> unpack(const PackageFile& file) { return unpack_deb(repository_, file.package, file.deb); }
  Result<Sha256> unpack(const std::vector<TarEntry>& data) { return unpack(package(deb({.data = data}))); }

  std::vector<std::string> paths(const Sha256& commit) {
    std::vector<std::string> paths;
    const auto entries = repository_.list(commit).value();
    for (const auto& entry : entries) paths.push_back(entry.path);
    return paths;
  }

  static std::string control_of(const std::string& name) {
    return "Package: " + name + "\nVersion: 1.0-1\nArchitecture: all\n";
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  ostree::Repository repository_ =
      ostree::Repository::open_or_create(folder_.path() / "repo", ostree::Sync::kNever).value();
};

TEST_F(AnUnpackedPackage, HasItsFilesAndItsControlFilesSideBySide) {
  const auto file = package(deb({.data = {folder("./usr/"), {.path = "./usr/a", .content = "A"}}}));
  const auto commit = unpack(file);
  ASSERT_TRUE(commit) << commit.error().message();
  EXPECT_EQ(paths(*commit),
            (std::vector<std::string>{"/control", "/control/control", "/data", "/data/usr", "/data/usr/a"}));
  EXPECT_EQ(repository_.read_file(*commit, "/control/control"), test::kControl);
  EXPECT_EQ(repository_.resolve(package_ref(file.package.sha256)).value(), *commit);
  EXPECT_EQ(find_unpacked(repository_, file.package.sha256).value(), *commit);
}

TEST_F(AnUnpackedPackage, KeepsOwnersModesCapabilitiesAndHardLinks) {
  // cap_net_raw=ep as setcap(8) stores it
  const std::string capability(
      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  const auto commit = unpack({folder("./run/", 01777),
                              {.path = "./ping",
                               .content = "P",
                               .mode = 0755,
                               .gid = 42,
                               .xattrs = {{"security.capability", capability}}},
                              {.path = "./also", .hard_link = "./ping"}})
                          .value();
  const auto ping = repository_.find(commit, "/data/ping").value().value();
  EXPECT_EQ(ping.attributes,
            (Attributes{.gid = 42, .mode = 0755, .xattrs = {{"security.capability", capability}}}));
  EXPECT_EQ(repository_.find(commit, "/data/also").value()->checksum, ping.checksum);
  EXPECT_EQ(repository_.find(commit, "/data/run").value()->attributes.mode, 01777U);
}

TEST_F(AnUnpackedPackage, IsTheSameHoweverItWasCompressed) {
  const std::vector<TarEntry> data{folder("./usr/"), {.path = "./usr/a", .content = "A"}};
  EXPECT_EQ(unpack(package(deb({.data = data, .filter = "gz"}))),
            unpack(package(deb({.data = data, .filter = "zst"}))));
}

TEST_F(AnUnpackedPackage, HasAMergedUsr) {
  const auto commit = unpack({folder("./lib/"),
                              {.path = "./lib/a", .content = "A"},
                              folder("./usr/"),
                              folder("./usr/lib/"),
                              {.path = "./usr/lib/b", .hard_link = "./lib/a"}})
                          .value();
  EXPECT_EQ(paths(commit), (std::vector<std::string>{"/control", "/control/control", "/data", "/data/usr",
                                                     "/data/usr/lib", "/data/usr/lib/a", "/data/usr/lib/b"}));
}

TEST_F(AnUnpackedPackage, KeepsTheAliasesOfBaseFiles) {
  const auto file = package(deb({.data = {{.path = "./bin", .type = S_IFLNK, .target = "usr/bin"}},
                                 .control = {{.path = "./control", .content = control_of("base-files")}}}),
                            "base-files");
  EXPECT_EQ(repository_.find(unpack(file).value(), "/data/bin").value()->target, "usr/bin");
}

TEST_F(AnUnpackedPackage, MayNotShipOnePathWithAndWithoutUsr) {
  const auto result = unpack({folder("./lib/"),
                              {.path = "./lib/a", .content = "1"},
                              folder("./usr/"),
                              folder("./usr/lib/"),
                              {.path = "./usr/lib/a", .content = "2"}});
  EXPECT_EQ(result.error().message(),
            "tiny 1.0-1: /usr/lib/a: cannot unpack: the package ships it with and without /usr");
}

TEST_F(AnUnpackedPackage, IsRefusedWhenOneByteIsFlipped) {
  auto bytes = deb({.data = {{.path = "./a", .content = "A"}}});
  const auto file = package(bytes);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(write_file(file.deb, bytes));
  const auto error = unpack(file).error();
  EXPECT_EQ(error.category(), Category::kVerification);
  EXPECT_EQ(error.message(), "tiny 1.0-1: cannot unpack: " + file.deb.string() + " has SHA-256 " +
                                 Sha256::of(bytes).hex() + ", the lock says " + file.package.sha256.hex() +
                                 "; delete the file and fetch it again");
  EXPECT_TRUE(repository_.refs().value().empty());
}

TEST_F(AnUnpackedPackage, LeavesNothingBehindWhenItIsRefused) {
  EXPECT_EQ(unpack({{.path = "./a", .content = "A"}, {.path = "./a"}}).error().message(),
            "tiny 1.0-1: ./a: cannot unpack: it comes twice");
  EXPECT_TRUE(repository_.refs().value().empty());
  EXPECT_TRUE(repository_.begin());
}

TEST_F(AnUnpackedPackage, MustBeWhatTheLockSays) {
  auto file = package(deb({}));
  file.package.version = "2.0";
  EXPECT_EQ(unpack(file).error().message(),
            "tiny 2.0: cannot unpack: its Version is 1.0-1, the lock says 2.0");
  file = package(deb({}), "other");
  EXPECT_EQ(unpack(file).error().message(),
            "other 1.0-1: cannot unpack: its Package is tiny, the lock says other");
}

TEST_F(AnUnpackedPackage, IsUnpackedAgainWhenItsTreeIsGone) {
  const auto file = package(deb({}));
  const auto tree = repository_.root_of(unpack(file).value()).value().tree().hex();
  std::filesystem::remove(repository_.path() / "objects" / tree.substr(0, 2) / (tree.substr(2) + ".dirtree"));
  EXPECT_EQ(find_unpacked(repository_, file.package.sha256).value(), std::nullopt);
  EXPECT_TRUE(unpack(file));
  EXPECT_TRUE(find_unpacked(repository_, file.package.sha256).value());
}

TEST_F(AnUnpackedPackage, IsReadAsDpkgBuildsIt) {
  const auto source = folder_.path() / "source";
  ASSERT_TRUE(write_file(source / "DEBIAN/control", std::string(test::kControl)));
  ASSERT_TRUE(write_file(source / "DEBIAN/postinst", "#!/bin/sh\n", 0755));
  ASSERT_TRUE(write_file(source / "usr/share/tiny/a", "A"));
  RealProcessRunner runner;
  for (const auto* const compression : {"-Znone", "-Zgzip", "-Zxz", "-Zzstd"}) {
    const auto built = folder_.path() / "built.deb";
    ASSERT_TRUE(run_checked(runner, {.arguments = {"dpkg-deb", compression, "--build", source, built}}));
    const auto commit = unpack(package(read_file(built).value()));
    ASSERT_TRUE(commit) << commit.error().message();
    EXPECT_EQ(repository_.read_file(*commit, "/data/usr/share/tiny/a"), "A");
    EXPECT_EQ(repository_.find(*commit, "/control/postinst").value()->attributes.mode, 0755U);
  }
}

class ManyPackages : public AnUnpackedPackage {
 protected:
  std::vector<PackageFile> make(int count) {
    std::vector<PackageFile> files;
    for (int i = 0; i < count; ++i) {
      const auto name = "package" + std::to_string(i);
      files.push_back(
          package(deb({.data = {{.path = "./" + name, .content = name}, {.path = "./shared", .content = "S"}},
                       .control = {{.path = "./control", .content = control_of(name)}}}),
                  name));
    }
    return files;
  }
};

TEST_F(ManyPackages, AreUnpackedSeveralAtOnce) {
  const auto files = make(40);
  std::vector<std::size_t> seen;
  const auto note = [&](const UnpackProgress& progress) { seen.push_back(progress.done); };
  const auto result = unpack_all(repository_.path(), files, {.threads = 4, .on_progress = note});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(seen.size(), 40U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  for (const auto& file : files) {
    const auto commit = find_unpacked(repository_, file.package.sha256).value().value();
    EXPECT_TRUE(repository_.verify(commit));
  }
}

TEST_F(ManyPackages, AreNotReadASecondTime) {
  const auto files = make(3);
  ASSERT_TRUE(unpack_all(repository_.path(), files));
  for (const auto& file : files) std::filesystem::remove(file.deb);
  EXPECT_TRUE(unpack_all(repository_.path(), files));
}

TEST_F(ManyPackages, StopAtTheFirstThatIsDamaged) {
  auto files = make(3);
  ASSERT_TRUE(write_file(files[1].deb, "damaged"));
  EXPECT_EQ(unpack_all(repository_.path(), files).error().object(), "package1 1.0-1");
}

TEST_F(ManyPackages, GoOnAfterAKillAndNoRefLies) {
  const auto files = make(40);
  const auto kill_at_15 = [](const UnpackProgress& progress) {
    if (progress.done == 15) ::raise(SIGKILL);
  };
  const auto child = ::fork();
  if (child == 0)
    ::_exit(unpack_all(repository_.path(), files, {.threads = 3, .on_progress = kill_at_15}) ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto refs = repository_.refs().value();
  EXPECT_GE(refs.size(), 15U);
  EXPECT_LT(refs.size(), 40U);
  for (const auto& [ref, commit] : refs) EXPECT_TRUE(repository_.verify(commit)) << ref;
  EXPECT_TRUE(unpack_all(repository_.path(), files));
  EXPECT_EQ(repository_.refs().value().size(), 40U);
}

TEST_F(AnUnpackedPackage, MayNotShipWhatAnotherDiverts) {
  const auto commit = unpack({folder("./usr/"), {.path = "./usr/a", .content = "A"}}).value();
  const auto check = [&](std::string_view diversions) {
    return check_diversions(repository_, parse_diversions(diversions).value(), {{"tiny", commit}});
  };
  EXPECT_TRUE(check(""));
  EXPECT_TRUE(check("/lib/a\n/lib/a.usr-is-merged\nother\n"));
  EXPECT_TRUE(check("/usr/a\n/usr/a.old\ntiny\n"));
  EXPECT_EQ(check("/usr/a\n/usr/a.old\nother\n").error().message(),
            "/usr/a: cannot unite packages: tiny ships it and other diverts it to /usr/a.old; leave one of "
            "them out of "
            "the image");
}

TEST(ADiversionsFile, HasRecordsOfThreeLines) {
  EXPECT_EQ(parse_diversions("/a\n/b\n:\n").value(),
            (std::vector<Diversion>{{.path = "/a", .to = "/b", .by = ""}}));
  EXPECT_EQ(parse_diversions("/a\n/b\n").error().message(),
            "/var/lib/dpkg/diversions: cannot read: 2 lines are no records of three");
}

}  // namespace
}  // namespace stratify::image
