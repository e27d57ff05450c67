#include "image/deb.hpp"

#include <gtest/gtest.h>

#include "tests/support/deb_builder.hpp"

namespace stratify::image {
namespace {

using test::ar;
using test::deb;
using test::folder;
using test::tar;
using test::TarEntry;

// Writes down what it is given.
class Recorder final : public DebSink {
 public:
  Result<void> control_file(std::string_view name, const Attributes&, std::string_view content) override {
    control[std::string(name)] = content;
    return {};
  }
  Result<void> folder(std::string_view path, const Attributes& given) override {
    return add(path, "folder", given);
  }
  Result<void> symlink(std::string_view path, const Attributes& given, std::string_view target) override {
    return add(path, "symlink to " + std::string(target), given);
  }
  Result<void> hard_link(std::string_view path, std::string_view target) override {
    return add(path, "hard link to " + std::string(target), {});
  }
  Result<void> begin_file(std::string_view path, const Attributes& given, std::uint64_t) override {
    file = path;
    return add(path, "file ", given);
  }
  Result<void> write(std::string_view data) override {
    members[file] += data;
    return {};
  }
  Result<void> end_file() override { return {}; }

  std::map<std::string, std::string> control;
  std::map<std::string, std::string> members;
  std::map<std::string, Attributes> attributes;

 private:
  Result<void> add(std::string_view path, std::string what, const Attributes& of) {
    members[std::string(path)] = std::move(what);
    attributes[std::string(path)] = of;
    return {};
  }
  std::string file;
};

std::string refusal(std::string_view bytes, const DebLimits& limits = {}) {
  MemorySource source(bytes);
  Recorder recorder;
  const auto result = read_deb(source, recorder, limits);
  return result ? "accepted" : result.error().message();
}

class APackage : public testing::TestWithParam<std::string_view> {};

TEST_P(APackage, IsReadInEveryCompression) {
  const auto bytes =
      deb({.data = {folder("./usr/"), {.path = "./usr/a", .content = "A"}}, .filter = GetParam()});
  MemorySource source(bytes);
  Recorder recorder;
  const auto control = read_deb(source, recorder);
  ASSERT_TRUE(control) << control.error().message();
  EXPECT_EQ(control->package(), "tiny");
  EXPECT_EQ(recorder.control["control"], test::kControl);
  EXPECT_EQ(recorder.members,
            (std::map<std::string, std::string>{{"/", "folder"}, {"/usr", "folder"}, {"/usr/a", "file A"}}));
}
INSTANTIATE_TEST_SUITE_P(All, APackage, testing::Values("", "gz", "xz", "zst"));

TEST(APackagesMembers, KeepOwnersModesAttributesAndLinks) {
  const std::string capability("\x01\x00\x00\x02\x00\x04", 6);
  const auto bytes = deb({.data = {{.path = "./ping",
                                    .content = "P",
                                    .mode = 04755,
                                    .uid = 7,
                                    .gid = 42,
                                    .xattrs = {{"security.capability", capability}}},
                                   {.path = "./also", .hard_link = "./ping"},
                                   {.path = "./link", .type = S_IFLNK, .target = "usr/../ping"}}});
  MemorySource source(bytes);
  Recorder recorder;
  ASSERT_TRUE(read_deb(source, recorder));
  EXPECT_EQ(
      recorder.attributes["/ping"],
      (Attributes{.uid = 7, .gid = 42, .mode = 04755, .xattrs = {{"security.capability", capability}}}));
  EXPECT_EQ(recorder.members["/also"], "hard link to /ping");
  EXPECT_EQ(recorder.members["/link"], "symlink to usr/../ping");
}

struct Hostile {
  std::string name;
  std::vector<TarEntry> data;
  std::string message;
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

class AHostileMember : public testing::TestWithParam<Hostile> {};

TEST_P(AHostileMember, IsRefusedByName) {
  EXPECT_EQ(refusal(deb({.data = GetParam().data})), GetParam().message);
}

const auto kUsr = folder("./usr/");
INSTANTIATE_TEST_SUITE_P(
    All, AHostileMember,
    testing::Values(
        Hostile{"Climbing",
                {{.path = "./../etc/passwd"}},
                "./../etc/passwd: cannot unpack: its path climbs with '..'"},
        Hostile{"ClimbingInside",
                {kUsr, {.path = "./usr/../x"}},
                "./usr/../x: cannot unpack: its path climbs with '..'"},
        Hostile{"Absolute", {{.path = "/etc/passwd"}}, "/etc/passwd: cannot unpack: its path is absolute"},
        Hostile{"Unclean",
                {kUsr, {.path = "./usr//x"}},
                "./usr//x: cannot unpack: its path has an empty part or '.'"},
        Hostile{"Newline", {{.path = "./a\nb"}}, "./a\nb: cannot unpack: its path holds a newline"},
        Hostile{"LongName",
                {{.path = "./" + std::string(256, 'a')}},
                "./" + std::string(198, 'a') + ": cannot unpack: a part of its path is longer than 255"},
        Hostile{"Twice", {{.path = "./a"}, {.path = "a"}}, "a: cannot unpack: it comes twice"},
        Hostile{
            "NoFolder", {{.path = "./usr/a"}}, "./usr/a: cannot unpack: its folder does not come before it"},
        Hostile{"ThroughSymlink",
                {{.path = "./usr", .type = S_IFLNK, .target = "/etc"}, {.path = "./usr/passwd"}},
                "./usr/passwd: cannot unpack: it goes through a symbolic link of the package"},
        Hostile{"BelowFile",
                {{.path = "./a"}, {.path = "./a/b"}},
                "./a/b: cannot unpack: it is below a file of the package"},
        Hostile{"LinkOutside",
                {kUsr, {.path = "./usr/a", .type = S_IFLNK, .target = "../../etc/shadow"}},
                "./usr/a: cannot unpack: it links out of the tree: ../../etc/shadow"},
        Hostile{"AbsoluteLinkOutside",
                {{.path = "./a", .type = S_IFLNK, .target = "/../etc"}},
                "./a: cannot unpack: it links out of the tree: /../etc"},
        Hostile{"HardLinkToNothing",
                {{.path = "./a", .hard_link = "./b"}},
                "./a: cannot unpack: it is a hard link to ./b, which is no earlier file"},
        Hostile{"HardLinkToFolder",
                {kUsr, {.path = "./a", .hard_link = "./usr"}},
                "./a: cannot unpack: it is a hard link to ./usr, which is no earlier file"},
        Hostile{"HardLinkOutside",
                {{.path = "./a", .hard_link = "../b"}},
                "./a: cannot unpack: its path climbs with '..'"},
        Hostile{"HardLinkAbsolute",
                {{.path = "./a", .hard_link = "/etc/shadow"}},
                "./a: cannot unpack: its path is absolute"},
        Hostile{"Device",
                {{.path = "./null", .type = S_IFCHR}},
                "./null: cannot unpack: devices, pipes and sockets are not part of packages"},
        Hostile{"Pipe",
                {{.path = "./pipe", .type = S_IFIFO}},
                "./pipe: cannot unpack: devices, pipes and sockets are not part of packages"},
        Hostile{"Owner", {{.path = "./a", .uid = 65536}}, "./a: cannot unpack: its owner is above 65535"},
        Hostile{
            "HugeOwner", {{.path = "./a", .gid = 1LL << 40}}, "./a: cannot unpack: its owner is above 65535"},
        Hostile{"OverlayOpaque",
                {{.path = "./a", .xattrs = {{"trusted.overlay.opaque", "y"}}}},
                "./a: cannot unpack: it has the extended attribute trusted.overlay.opaque"},
        Hostile{"SecondRoot",
                {folder("./")},
                "./: cannot unpack: the root must be the first member, and a folder"}),
    [](const auto& test) { return test.param.name; });

TEST(APackageAboveALimit, IsRefusedWithTheMember) {
  const auto bytes =
      deb({.data = {{.path = "./a", .content = "12345"}, {.path = "./b", .content = "12345"}}});
  EXPECT_EQ(refusal(bytes, {.file_bytes = 4}), "./a: cannot unpack: its size of 5 bytes is absurd");
  EXPECT_EQ(refusal(bytes, {.members = 2}), "./b: cannot unpack: the package has more than 2 members");
  EXPECT_EQ(refusal(bytes, {.path_bytes = 8}), "./control: cannot unpack: its path is longer than 8");
  EXPECT_EQ(refusal(bytes, {.control_bytes = 100}),
            "control.tar.xz: cannot decompress: expands to more than 100 bytes");
}

TEST(ATooDeepMember, IsRefused) {
  const auto bytes = deb({.data = {folder("./a/"), folder("./a/b/"), folder("./a/b/c/")}});
  EXPECT_EQ(refusal(bytes, {.depth = 1}), "./a/b/c/: cannot unpack: it is deeper than 1 folders");
}

TEST(ATruncatedPackage, IsRefusedWhereverItEnds) {
  for (const auto* const filter : {"", "gz", "xz", "zst"}) {
    const auto bytes = deb({.data = {{.path = "./a", .content = std::string(5000, 'a')}}, .filter = filter});
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 97) {
      EXPECT_NE(refusal(std::string_view(bytes).substr(0, size)), "accepted") << filter << " " << size;
    }
  }
}

TEST(ATruncatedPackage, IsRefusedWithTheMember) {
  const auto bytes = deb({.data = {{.path = "./a", .content = std::string(20000, 'a')}}, .filter = ""});
  EXPECT_EQ(refusal(std::string_view(bytes).substr(0, bytes.size() - 9000)),
            "data.tar: cannot read package: it ends 9000 bytes before the end of member data.tar");
}

TEST(APackageWithGarbage, IsRefusedBehindItsLastMember) {
  EXPECT_EQ(refusal(deb({}) + "garbage"),
            "cannot read package: something else than a member follows member data.tar.xz");
}

TEST(APackageWithGarbage, IsRefusedInsideItsMembers) {
  const auto control = tar({{.path = "./control", .content = std::string(test::kControl)}}, "gz");
  const auto with_data = [&](const std::string& name, const std::string& data) {
    return ar({{"debian-binary", "2.0\n"}, {"control.tar.gz", control}, {name, data}});
  };
  EXPECT_EQ(refusal(with_data("data.tar.gz", tar({folder("./")}, "gz") + "garbage")),
            "data.tar.gz: cannot decompress: 7 bytes follow the compressed data");
  EXPECT_EQ(refusal(with_data("data.tar.zst", tar({folder("./")}, "zst") + "garbage!")),
            "data.tar.zst: cannot decompress: Unrecognized archive format");
  EXPECT_NE(refusal(with_data("data.tar.xz", tar({folder("./")}, "xz") + "garbage!")), "accepted");
  EXPECT_EQ(refusal(with_data("data.tar", tar({folder("./")}, "") + "garbage")),
            "data.tar: cannot read: data follows the end of the archive");
}

struct BadContainer {
  std::string name;
  std::vector<test::ArMember> members;
  std::string message;
};
void PrintTo(const BadContainer& bad, std::ostream* out) { *out << bad.name; }

class ABadContainer : public testing::TestWithParam<BadContainer> {};

TEST_P(ABadContainer, IsRefusedByName) { EXPECT_EQ(refusal(ar(GetParam().members)), GetParam().message); }

const test::ArMember kFormat{"debian-binary", "2.0\n"};
const test::ArMember kControlTar{"control.tar",
                                 tar({{.path = "./control", .content = std::string(test::kControl)}}, "")};
const test::ArMember kDataTar{"data.tar", tar({folder("./")}, "")};
INSTANTIATE_TEST_SUITE_P(
    All, ABadContainer,
    testing::Values(
        BadContainer{"Empty", {}, "debian-binary: cannot unpack: the first member must be debian-binary"},
        BadContainer{"NoFormat",
                     {kControlTar, kDataTar},
                     "control.tar: cannot unpack: the first member must be debian-binary"},
        BadContainer{"OtherFormat",
                     {{"debian-binary", "3.0\n"}},
                     "debian-binary: cannot unpack: only format 2 is known"},
        BadContainer{"WrongOrder",
                     {kFormat, kDataTar, kControlTar},
                     "data.tar: cannot unpack: expected control.tar, plain or with .gz, .xz or .zst"},
        BadContainer{"NoData", {kFormat, kControlTar}, "data.tar: cannot unpack: it is missing"},
        BadContainer{"Compression",
                     {kFormat, {"control.tar.bz2", "x"}},
                     "control.tar.bz2: cannot unpack: expected control.tar, plain or with .gz, .xz or .zst"},
        BadContainer{"More",
                     {kFormat, kControlTar, kDataTar, kDataTar},
                     "data.tar: cannot unpack: nothing may follow data.tar"},
        BadContainer{"NoControl",
                     {kFormat, {"control.tar", tar({folder("./")}, "")}, kDataTar},
                     "control.tar: cannot unpack: it holds no control file"},
        BadContainer{"EmptyData",
                     {kFormat, kControlTar, {"data.tar", tar({}, "")}},
                     "data.tar: cannot unpack: it is empty"},
        BadContainer{"ControlInFolder",
                     {kFormat, {"control.tar", tar({{.path = "./sub/control"}}, "")}, kDataTar},
                     "./sub/control: cannot unpack: control files have no folders"},
        BadContainer{
            "ControlIsALink",
            {kFormat, {"control.tar", tar({{.path = "./control", .type = S_IFLNK, .target = "x"}}, "")}},
            "./control: cannot unpack: a control file must be a plain file"}),
    [](const auto& test) { return test.param.name; });

TEST(SomethingElseThanAPackage, IsRefused) {
  EXPECT_EQ(refusal("PK\x03\x04 something"), "cannot read package: it is not a Debian package");
  EXPECT_EQ(refusal(""), "cannot read package: it is not a Debian package");
}

TEST(ADamagedPackage, IsRefusedOrReadButNeverCrashes) {
  const auto sound =
      deb({.data = {kUsr, {.path = "./usr/a", .content = std::string(300, 'a')}}, .filter = ""});
  for (std::size_t at = 0; at < sound.size(); at += 7) {
    auto bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    EXPECT_FALSE(refusal(bytes).empty());
  }
}

}  // namespace
}  // namespace stratify::image
