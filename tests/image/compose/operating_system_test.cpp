#include "image/compose/operating_system.hpp"

#include <gtest/gtest.h>

namespace stratify::image {
namespace {

ostree::Entry entry(std::string path, ostree::Kind kind, ostree::Attributes attributes = {},
                    std::string target = {}) {
  return {.path = std::move(path),
          .kind = kind,
          .checksum = Sha256::of(""),
          .attributes = std::move(attributes),
          .target = std::move(target)};
}

bool has_line(const std::string& text, const std::string& line) { return text.contains("\n" + line + "\n"); }

TEST(AnEmptyVar, IsMadeAgainWithOwnersAndModes) {
  const auto text = var_tmpfiles({entry("/mail", ostree::Kind::kFolder, {.gid = 8, .mode = 02775}),
                                  entry("/spool", ostree::Kind::kFolder, {.mode = 0755}),
                                  entry("/spool/mail", ostree::Kind::kSymlink, {}, "../mail"),
                                  entry("/lib/x", ostree::Kind::kFile, {.mode = 0600})},
                                 "");
  EXPECT_TRUE(has_line(text, "d /var/mail 2775 0 8 -"));
  EXPECT_TRUE(has_line(text, "L /var/spool/mail - - - - ../mail"));
  EXPECT_TRUE(has_line(text, "C /var/lib/x 0600 0 0 -"));
}

TEST(AnEmptyVar, LeavesToOthersWhatTheyMakeThemselves) {
  const auto text =
      var_tmpfiles({entry("/lib/private-thing", ostree::Kind::kFolder),
                    entry("/cache/apt", ostree::Kind::kFolder), entry("/lib/dpkg", ostree::Kind::kFolder)},
                   "d /var/lib/private-thing/ 0700 root root -\n");
  EXPECT_FALSE(text.contains("private-thing"));
  EXPECT_FALSE(text.contains("/var/cache/apt"));
  EXPECT_FALSE(text.contains("d /var/lib/dpkg"));
}

}  // namespace
}  // namespace stratify::image
