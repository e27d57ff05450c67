#include "release/publication.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "release/choice.hpp"
#include "release/version.hpp"
#include "tests/release/lists.hpp"

namespace stratify::release {
namespace {

using testing::HasSubstr;
using tests::barrier;
using tests::channel;
using tests::kDay;
using tests::kNow;
using tests::release;

PublicationTerms terms(std::size_t keep = 3) {
  return {.channel = "stable", .now = kNow, .expires = kNow + kDay, .keep = keep};
}

std::vector<std::string> versions(const Channel& list) {
  std::vector<std::string> result;
  for (const auto& one : list.releases) result.push_back(one.version);
  return result;
}

TEST(AChannel, BeginsWithItsFirstRelease) {
  const auto list = publish_in(std::nullopt, release(1), terms());
  ASSERT_TRUE(list);
  EXPECT_EQ(list->name, "stable");
  EXPECT_EQ(list->issued, kNow);
  EXPECT_EQ(list->expires, kNow + kDay);
  EXPECT_EQ(versions(*list), std::vector<std::string>{"1.1"});
}

TEST(AChannel, GetsANewerReleaseAndAHigherSerial) {
  auto before = channel({release(1)});
  before.serial = kNow + 5;  // as after several publications within one second
  const auto list = publish_in(before, release(2), terms());
  EXPECT_EQ(versions(*list), (std::vector<std::string>{"1.1", "1.2"}));
  EXPECT_EQ(list->serial, before.serial + 1);
}

TEST(AChannel, WhoseListWasLostIsStillBelievedByMachines) {
  EXPECT_GE(publish_in(std::nullopt, release(1), terms())->serial, static_cast<std::uint64_t>(kNow));
}

TEST(AChannel, PublishedAnewWithItsNewestKeepsItsReleases) {
  const auto before = channel({release(1), release(2)});
  const auto list = publish_in(before, release(2), terms());
  EXPECT_EQ(list->releases, before.releases);
  EXPECT_GT(list->serial, before.serial);
}

TEST(AChannel, KeepsTheNewestReleasesAndEveryBarrier) {
  const auto before = channel({barrier(1), release(2), release(3), barrier(4), release(5)});
  EXPECT_EQ(versions(*publish_in(before, release(6), terms(2))),
            (std::vector<std::string>{"1.1", "1.4", "1.5", "1.6"}));
  EXPECT_EQ(versions(*publish_in(before, release(6), terms(0))),
            (std::vector<std::string>{"1.1", "1.4", "1.6"}));
}

class AChannelOfTwo : public testing::Test {
 protected:
  std::string refusal(const Release& wrong) {
    const auto list = publish_in(channel({release(2), release(3)}), wrong, terms());
    return list ? "published" : list.error().cause();
  }
};

TEST_F(AChannelOfTwo, DoesNotGoBackToItsOlderRelease) {
  EXPECT_THAT(refusal(release(2)), HasSubstr("it is listed already, and 1.3 is newer"));
}

TEST_F(AChannelOfTwo, RefusesALowerOrEqualVersion) {
  auto wrong = release(4);
  wrong.version = "1.3";
  EXPECT_THAT(refusal(wrong), HasSubstr("1.3 is listed already; raise the version"));
  wrong.version = "1.2.9";
  EXPECT_THAT(refusal(wrong), HasSubstr("raise the version"));
}

TEST_F(AChannelOfTwo, RefusesWhatMachinesWouldRefuse) {
  auto wrong = release(4);
  wrong.number = 3;
  EXPECT_THAT(refusal(wrong), HasSubstr("first published before 1.3"));
  wrong = release(4);
  wrong.timestamp = release(3).timestamp;
  EXPECT_THAT(refusal(wrong), HasSubstr("not younger"));
}

TEST(AChannel, FromTheFutureIsNotPublishedIn) {
  auto before = channel({release(1)});
  before.issued = kNow + 1;
  EXPECT_EQ(publish_in(before, release(2), terms()).error().category(), Category::kConflict);
}

TEST(ANumber, IsHigherThanAllOfAllChannels) {
  auto late = release(7);
  late.number = kNow + 9;
  const std::array lists{channel({release(1), late}), channel({release(8)})};
  EXPECT_EQ(next_number(lists, kNow), static_cast<std::uint64_t>(kNow) + 10);
  EXPECT_EQ(next_number({}, kNow), static_cast<std::uint64_t>(kNow));
}

TEST(Versions, AreOrderedAsPeopleReadThem) {
  const std::vector<std::string> ascending{"",     "0.9",   "1.0~~", "1.0~rc1", "1.0~rc2", "1.0",
                                           "1.0a", "1.0.1", "1.2",   "1.10",    "2"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j)
      EXPECT_EQ(compare_versions(ascending[i], ascending[j]), i <=> j) << ascending[i] << " " << ascending[j];
  }
  EXPECT_EQ(compare_versions("1.01", "1.1"), std::weak_ordering::equivalent);
}

}  // namespace
}  // namespace stratify::release
