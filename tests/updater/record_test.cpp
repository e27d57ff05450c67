#include "updater/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stratify::updater {
namespace {

Record with_images() {
  Record record;
  record.target = Target{.version = "2.0", .images = {{.name = "mail@sha256:1", .bytes = 100}}};
  record.images = {{"1.0", {"mail@sha256:0"}}, {"2.0", {"mail@sha256:1"}}};
  return record;
}

TEST(ARecord, ComesBackAsItWasWritten) { EXPECT_EQ(parse_record(to_json(with_images())), with_images()); }

// After going back an older version reads what the newer one wrote, and after an update the other way round.
TEST(ARecord, IsReadByVersionsThatKnowMoreAndLess) {
  auto later = to_json(with_images());
  later.insert(later.find("\"state\""), R"("later": {"a": [1]}, )");
  later.insert(later.find("\"bytes\":100"), R"("registry": "b", )");
  EXPECT_EQ(parse_record(later), with_images());
  auto earlier = to_json(Record{.target = Target{.version = "2.0"}});
  earlier.erase(earlier.find(R"("images":{},)"), std::string_view(R"("images":{},)").size());
  EXPECT_EQ(parse_record(earlier), (Record{.target = Target{.version = "2.0"}}));
}

TEST(ARecord, ThatWasCutShortIsNotRead) {
  EXPECT_FALSE(parse_record("{}"));
  EXPECT_FALSE(parse_record("[]"));
  EXPECT_FALSE(parse_record(R"({"format":1})"));
  EXPECT_FALSE(parse_record(R"({"format":1,"state":"asleep"})"));
  EXPECT_FALSE(parse_record(to_json(with_images()).substr(0, 100)));
}

}  // namespace
}  // namespace stratify::updater
