#include "updater/notice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stratify::updater {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Record after(const std::string& kind) {
  Record record;
  record.outcome =
      Outcome{.kind = kind, .version = "0.2.0", .from = "0.1.0", .reason = "webdav.service: it is failed"};
  return record;
}

TEST(ANotice, IsEmptyWhenAllIsWell) {
  EXPECT_EQ(notice_of({}, 0), "");
  EXPECT_EQ(notice_of(after("confirmed"), 79), "");
}

TEST(ANotice, TellsWhyAMachineWentBackAndWhereItsDataIs) {
  auto record = after("rolled back");
  record.outcome->failed_data = "20261126-030000-failed-0.2.0";
  EXPECT_THAT(notice_of(record, 0), AllOf(HasSubstr("from 0.2.0 to 0.1.0: webdav.service: it is failed"),
                                          HasSubstr("kept as 20261126-030000-failed-0.2.0")));
}

TEST(ANotice, TellsOfServicesThatAVersionWasNotJudgedBy) {
  auto record = after("confirmed");
  record.ailing = {"webdav.service"};
  EXPECT_THAT(notice_of(record, 0), HasSubstr("webdav.service does not run; it did not before"));
}

TEST(ANotice, TellsOfFilesThatStayThoughTheNewVersionBringsOthers) {
  auto record = after("confirmed");
  record.etc_kept = {"/etc/ssh/sshd_config"};
  EXPECT_THAT(notice_of(record, 0), HasSubstr("/etc/ssh/sshd_config stays as you changed it"));
}

TEST(ANotice, LeadsToThePageOfAMachineThatIsStuck) {
  auto record = after("stuck");
  record.state = State::kStuck;
  EXPECT_THAT(notice_of(record, 0), HasSubstr("https://THIS-MACHINE:9443/"));
}

TEST(ANotice, TellsOfDamage) {
  Record record;
  record.damaged = {"ab12.file"};
  EXPECT_THAT(notice_of(record, 0), HasSubstr("1 files of the system are damaged"));
}

TEST(ANotice, WarnsOfADiskThatIsNearlyFull) { EXPECT_THAT(notice_of({}, 80), HasSubstr("80 % full")); }

}  // namespace
}  // namespace stratify::updater
