// The page: everything in it is text, whoever wrote it.
#include "rescue/page.hpp"

#include <gmock/gmock.h>

namespace stratify::rescue {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TheRescuePage, TellsWhatHappenedAndLinksEveryArchive) {
  const auto html =
      page_of({.version = "1.0",
               .story = "2.0 was tried and taken back.",
               .archives = {{"data", "as it is now"}, {"data-sets/x-failed", "what 2.0 had made of it"}}});
  EXPECT_THAT(html, HasSubstr("2.0 was tried and taken back."));
  EXPECT_THAT(html, HasSubstr("<a href=\"/data.tar\">"));
  EXPECT_THAT(html, HasSubstr("<a href=\"/data-sets/x-failed.tar\">"));
}

TEST(TheRescuePage, ShowsMarkupAsText) {
  const auto html = page_of({.version = "1.0", .story = "<script>alert(\"&\")</script>", .archives = {}});
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&quot;&amp;&quot;)"));
}

}  // namespace
}  // namespace stratify::rescue
