#include "updater/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stratify::updater {
namespace {

using testing::HasSubstr;
using testing::Not;

Record with_images() {
  Record record;
  record.target = Target{.version = "2.0", .images = {{.name = "mail@sha256:1", .bytes = 100}}};
  record.images = {{"1.0", {"mail@sha256:0"}}, {"2.0", {"mail@sha256:1"}}};
  return record;
}

TEST(ARecord, ComesBackAsItWasWritten) { EXPECT_EQ(parse_record(to_json(with_images())), with_images()); }

TEST(ARecord, WithoutBoundImagesIsReadByVersionsThatDoNotKnowThem) {
  EXPECT_THAT(to_json(Record{.target = Target{.version = "2.0"}}), HasSubstr(R"("images":[])"));
  EXPECT_THAT(to_json(Record()), Not(HasSubstr("images")));
  EXPECT_EQ(parse_record(to_json(Record())), Record());
}

TEST(ARecord, ThatWasCutShortIsNotRead) {
  EXPECT_FALSE(parse_record("{}"));
  EXPECT_FALSE(parse_record("[]"));
  EXPECT_FALSE(parse_record(to_json(with_images()).substr(0, 100)));
}

}  // namespace
}  // namespace stratify::updater
