#include "image/mirror.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::image {
namespace {

std::string both(const Result<Mirror>& mirror) {
  if (!mirror) return mirror.error().message();
  return mirror->archive("debian") + " " + mirror->archive("debian-security");
}

TEST(AMirror, HasTheSecurityArchiveBesideTheOther) {
  EXPECT_EQ(both(Mirror::at("https://m.example/pub/debian/")),
            "https://m.example/pub/debian https://m.example/pub/debian-security");
}

TEST(AMirror, MustBeTheAddressOfTheArchiveDebian) {
  for (const auto* wrong :
       {"", "m.example/debian", "https://m.example/", "https://m.example/ubuntu", "ftp://m.example/debian"}) {
    const auto mirror = Mirror::at(wrong);
    ASSERT_FALSE(mirror) << wrong;
    EXPECT_EQ(mirror.error().category(), Category::kInvalidInput);
  }
}

TEST(AMirror, IsTheFirstOfTheAptConfiguration) {
  EXPECT_EQ(both(Mirror::among(
                {"http://x/ubuntu/", "http://a/debian/", "http://b/debian-security/", "http://c/debian/"})),
            "http://a/debian http://b/debian-security");
  EXPECT_EQ(both(Mirror::among({"http://a/debian/"})), "http://a/debian http://a/debian-security");
}

TEST(AMirror, ThatIsNowhereIsAskedFor) {
  EXPECT_EQ(
      both(Mirror::among({"http://x/ubuntu/"})),
      "the apt configuration: cannot find a Debian mirror in: name one with --mirror https://<host>/debian");
}

TEST(AMirror, WishedForGoesBeforeTheAptConfiguration) {
  const auto etc = TemporaryFolder::create(testing::TempDir()).value();
  ASSERT_TRUE(write_file(etc.path() / "sources.list", "deb http://a.example/debian trixie main\n"));
  EXPECT_EQ(both(Mirror::find("http://b/debian", etc.path())), "http://b/debian http://b/debian-security");
  EXPECT_EQ(both(Mirror::find({}, etc.path())), "http://a.example/debian http://a.example/debian-security");
}

}  // namespace
}  // namespace stratify::image
