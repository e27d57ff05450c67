#include <gtest/gtest.h>

#include "image/inspect/content.hpp"
#include "image/inspect/difference.hpp"
#include "image/inspect/sizes.hpp"

namespace stratify::image {
namespace {

ostree::Entry file(std::string path, std::string_view content) {
  return {.path = std::move(path), .checksum = Sha256::of(content), .size = content.size()};
}

Content version(std::vector<ostree::Entry> entries, std::vector<InstalledTree> trees) {
  return {.commit = Sha256::of("commit"),
          .version = "1",
          .trees = std::move(trees),
          .entries = std::move(entries)};
}

TEST(AStatusFile, GivesInstalledPackagesWithTheirRelations) {
  const auto packages = parse_status(
      "Package: bb\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\nPre-Depends: c:any (>= "
      "1)\n"
      "Depends: d | e, f\nProvides: g (= 2), h\n\n"
      "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n"
      "Package: aa\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n");
  ASSERT_TRUE(packages) << packages.error().message();
  ASSERT_EQ(packages->size(), 2U);
  EXPECT_EQ(packages->at(0).name, "aa");
  const auto& package = packages->at(1);
  EXPECT_EQ(package.version, "2");
  EXPECT_EQ(package.depends, (std::vector<std::vector<std::string>>{{"c"}, {"d", "e"}, {"f"}}));
  EXPECT_EQ(package.provides, (std::vector<std::string>{"g", "h"}));
}

class PackagesOnTopOfEachOther : public testing::Test {
 protected:
  std::vector<InstalledPackage> packages_{{.name = "asked", .depends = {{"middle"}}},
                                          {.name = "middle", .depends = {{"absent", "virtual"}, {"asked"}}},
                                          {.name = "base", .provides = {"virtual"}},
                                          {.name = "alone"}};
};

TEST_F(PackagesOnTopOfEachOther, AreExplainedByTheShortestWay) {
  EXPECT_EQ(why(packages_, {"asked"}, "base"), (std::vector<std::string>{"asked", "middle", "base"}));
  EXPECT_EQ(why(packages_, {"asked", "middle"}, "base"), (std::vector<std::string>{"middle", "base"}));
}

TEST_F(PackagesOnTopOfEachOther, NeedNoReasonWhenAskedFor) {
  EXPECT_EQ(why(packages_, {"asked"}, "asked"), std::vector<std::string>{"asked"});
}

TEST_F(PackagesOnTopOfEachOther, HaveNoReasonWhenNothingNeedsThem) {
  EXPECT_TRUE(why(packages_, {"asked"}, "alone").empty());
  EXPECT_TRUE(why(packages_, {"asked"}, "absent").empty());
}

class AVersionWithAService : public testing::Test {
 protected:
  Content content_ = version(
      {file("/a/diff/usr/bin/tool", "shared"), file("/a/diff/usr/own", "service only"),
       file("/usr/bin/tool", "shared"), file("/usr/share/our/deep/thing", "us")},
      {{.name = "os", .owners = {{"/usr/bin/tool", "tools"}}}, {.name = "caddy", .folder = "/a/diff"}});
};

TEST_F(AVersionWithAService, CountsSharedContentOnceForTheOs) {
  const auto table = size_table(content_);
  EXPECT_EQ(table.bytes, 6U + 12U + 2U);
  EXPECT_EQ(table.all_bytes, 6U + 6U + 12U + 2U);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0].tree + " " + table.rows[0].what, "caddy /usr");
  EXPECT_EQ(table.rows[1].tree + " " + table.rows[1].what, "os tools");
  EXPECT_EQ(table.rows[2].tree + " " + table.rows[2].what, "os /usr/share/our");
}

TEST_F(AVersionWithAService, SumsUpWhatIsSmall) {
  const auto rows = summarised(size_table(content_), 7);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].what, "2 smaller things");
  EXPECT_EQ(rows[1].bytes, 8U);
}

TEST(ADifference, NamesPackagesAndFilesThatChanged) {
  auto other_mode = file("/mode", "m");
  other_mode.attributes.mode = 0755;
  other_mode.checksum = Sha256::of("m with another mode");
  const auto before =
      version({file("/gone", "g"), file("/mode", "m"), file("/same", "s"), file("/text", "1")},
              {{.name = "os", .packages = {{.name = "x", .version = "1"}, {.name = "y", .version = "1"}}}});
  const auto after =
      version({other_mode, file("/new", "n"), file("/same", "s"), file("/text", "22")},
              {{.name = "os", .packages = {{.name = "x", .version = "2"}, {.name = "z", .version = "1"}}}});
  const auto difference = difference_between(before, after);
  EXPECT_EQ(difference.packages,
            (std::vector<PackageChange>{{"os", "x", "1", "2"}, {"os", "y", "1", ""}, {"os", "z", "", "1"}}));
  EXPECT_EQ(difference.files, (std::vector<ChangedFile>{{"/gone", FileChange::kRemoved},
                                                        {"/mode", FileChange::kAttributes},
                                                        {"/new", FileChange::kAdded},
                                                        {"/text", FileChange::kContent}}));
}

}  // namespace
}  // namespace stratify::image
