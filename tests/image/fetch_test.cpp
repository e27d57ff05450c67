#include "image/fetch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "platform/file.hpp"
#include "tests/support/http_server.hpp"

namespace stratify::image {
namespace {

using testing::HasSubstr;
using tests::HttpServer;

class ACacheOfPackages : public testing::Test {
 protected:
  static LockedPackage package(const std::string& name) {
    const auto content = "content of " + name;
    return {.name = name,
            .version = "1.0",
            .architecture = "all",
            .suite = "trixie",
            .archive = "debian",
            .path = "pool/" + name + ".deb",
            .sha256 = Sha256::of(content),
            .size = content.size(),
            .images = {"os"}};
  }

  void publish(const std::string& name) {
    server_.answer("/debian/pool/" + name + ".deb", {{.body = "content of " + name}});
  }

  Result<void> fetch(const std::vector<LockedPackage>& packages) {
    const FetchOptions options{.cache = folder_.path(), .download = {.attempts = 1, .on_progress = {}}};
    return image::fetch(packages, Mirror::at(server_.address("/debian")).value(), options, *progress_);
  }

  std::filesystem::path path_of(const std::string& name) {
    return deb_path(folder_.path(), package(name).sha256);
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  HttpServer server_;
  std::ostringstream told_;
  std::unique_ptr<Progress> progress_ = make_progress(ProgressStyle::kLines, told_);
};

TEST_F(ACacheOfPackages, HoldsEachUnderItsChecksumAndAsksForItOnce) {
  publish("a");
  ASSERT_TRUE(fetch({package("a")}));
  ASSERT_TRUE(fetch({package("a")}));
  EXPECT_EQ(read_file(path_of("a")), "content of a");
  EXPECT_EQ(server_.seen().size(), 1U);
}

TEST_F(ACacheOfPackages, NamesAFileWithAFlippedByteAndFetchesItAnew) {
  publish("a");
  ASSERT_TRUE(write_file(path_of("a"), "cOntent of a"));
  ASSERT_TRUE(fetch({package("a")}));
  EXPECT_EQ(read_file(path_of("a")), "content of a");
  EXPECT_THAT(told_.str(),
              HasSubstr(path_of("a").string() + ": not what it was fetched as; a 1.0 is fetched anew"));
}

TEST_F(ACacheOfPackages, HoldsNoWrongFileWhenTheRightOneCannotBeHad) {
  ASSERT_TRUE(write_file(path_of("a"), "cOntent of a"));
  EXPECT_FALSE(fetch({package("a")}));
  EXPECT_FALSE(std::filesystem::exists(path_of("a")));
}

TEST_F(ACacheOfPackages, NamesAllThatLeftTheMirrorAndKeepsTheRest) {
  publish("b");
  const auto result = fetch({package("a"), package("b"), package("c")});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kNotFound);
  EXPECT_EQ(result.error().message(),
            "a 1.0, c 1.0: cannot fetch what is locked: it left the mirror; resolve it anew with `stratify "
            "lock`, or name a mirror "
            "that keeps it with --mirror");
  EXPECT_TRUE(std::filesystem::exists(path_of("b")));
}

TEST_F(ACacheOfPackages, SaysRatherThatTheMirrorFailsThanThatAPackageLeft) {
  server_.answer("/debian/pool/b.deb", {{.status = 500}});
  EXPECT_EQ(fetch({package("a"), package("b")}).error().category(), Category::kUnavailable);
}

TEST_F(ACacheOfPackages, TakesNothingWhoseContentIsNotTheLockedOne) {
  server_.answer("/debian/pool/a.deb", {{.body = "content of b"}});
  const auto result = fetch({package("a")});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kVerification);
  EXPECT_EQ(result.error().object(), "a 1.0");
  EXPECT_FALSE(std::filesystem::exists(path_of("a")));
}

}  // namespace
}  // namespace stratify::image
