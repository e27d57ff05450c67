#include "image/compose/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>

#include "platform/file.hpp"
#include "tests/image/compose/scratch_repository.hpp"

namespace stratify::image {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class OurFiles : public testing::Test {
 protected:
  void SetUp() override {
    write("project/units/a.service", "unit");
    write("project/units/README.md", "about the folder");
    write("project/units/run", "#!/bin/sh\n", 0700);
    fs::create_symlink("a.service", folder() / "project/units/link");
    write("build/usr/bin/haven", "program", 0755);
  }

  void write(const std::string& path, std::string_view content, mode_t mode = 0600) {
    ASSERT_TRUE(write_file(folder() / path, content, mode));
  }

  // The paths below /usr of an empty tree that these rules were laid over, with what is told of each.
  std::vector<std::string> laid(const std::vector<FileRule>& rules) {
    std::vector<std::string> result;
    for (const auto& entry : scratch_.entries_of(tree_with(rules))) {
      const auto mode = entry.kind == ostree::Kind::kSymlink
                            ? "-> " + entry.target
                            : std::format("{:o}", entry.attributes.mode & 0777U);
      if (entry.kind != ostree::Kind::kFolder) result.push_back(entry.path + " " + mode);
    }
    return result;
  }

  Result<void> lay(ostree::Transaction& transaction, ostree::Tree& tree, const std::vector<FileRule>& rules) {
    return lay_files(transaction, tree, {.project = folder() / "project", .build = folder() / "build"},
                     rules);
  }

  Sha256 tree_with(const std::vector<FileRule>& rules) {
    return scratch_.commit([&](ostree::Transaction& transaction, ostree::Tree& tree) {
      const auto done = lay(transaction, tree, rules);
      ASSERT_TRUE(done) << done.error().message();
    });
  }

  [[nodiscard]] const fs::path& folder() const { return scratch_.folder(); }

  tests::ScratchRepository scratch_;
};

TEST_F(OurFiles, AreLaidWithUsualModesAndWithoutTheProjectsReadmes) {
  EXPECT_THAT(laid({{.from = "units", .to = "/usr/lib/units"}}),
              ElementsAre("/usr/lib/units/a.service 644", "/usr/lib/units/link -> a.service",
                          "/usr/lib/units/run 755"));
}

TEST_F(OurFiles, ComeFromTheBuildWhereTheRuleSaysSo) {
  EXPECT_THAT(laid({{.from = "usr", .to = "/usr", .origin = FileOrigin::kBuild}}),
              ElementsAre("/usr/bin/haven 755"));
}

TEST_F(OurFiles, KeepTheirNamesInAFolder) {
  EXPECT_THAT(laid({{.from = "units/a.service", .to = "/usr/lib/"}}), ElementsAre("/usr/lib/a.service 644"));
}

TEST_F(OurFiles, OfALaterRuleReplaceThoseOfAnEarlierOne) {
  write("project/other", "other");
  const auto commit = tree_with({{.from = "units/a.service", .to = "/x"}, {.from = "other", .to = "/x"}});
  EXPECT_EQ(scratch_.content(commit, "/x"), "other");
}

TEST_F(OurFiles, ThatAreMissingAreNamedWithTheirRule) {
  scratch_.commit([&](ostree::Transaction& transaction, ostree::Tree& tree) {
    const auto done = lay(transaction, tree, {{.from = "absent", .to = "/x"}});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().category(), Category::kNotFound);
    EXPECT_THAT(done.error().message(), testing::StartsWith("files: absent: "));
  });
}

}  // namespace
}  // namespace stratify::image
