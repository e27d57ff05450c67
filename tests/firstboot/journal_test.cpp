#include "firstboot/journal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace stratify::firstboot {
namespace {

const Record kRecord{.state = State::kConfigured,
                     .domain = stack::Domain::parse("bücher.de").value(),
                     .way = Way::kCloudInit,
                     .password_shown = true,
                     .session = "abc"};

class TheJournal : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  Journal journal_{folder_.path()};
  std::filesystem::path file_ = folder_.path() / "claim.json";
};

TEST_F(TheJournal, GivesBackWhatWasStored) {
  ASSERT_TRUE(journal_.store(kRecord));
  EXPECT_EQ(journal_.load().value(), kRecord);
}

TEST_F(TheJournal, IsForRootOnly) {
  ASSERT_TRUE(journal_.store(kRecord));
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(TheJournal, IsEmptyOnANewMachine) { EXPECT_EQ(journal_.load().value(), std::nullopt); }

TEST_F(TheJournal, IsNotEmptyWhenItCannotBeRead) {
  ASSERT_TRUE(make_folders(file_));
  EXPECT_FALSE(journal_.load());
}

TEST_F(TheJournal, IsRefusedWhereverItIsCutOff) {
  const auto whole = to_json(kRecord);
  for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
    ASSERT_TRUE(write_file(file_, whole.substr(0, length)));
    EXPECT_FALSE(journal_.load()) << length;
  }
}

TEST_F(TheJournal, IsRefusedWithAnyOtherShape) {
  const auto whole = to_json(kRecord);
  const auto with = [&](std::string_view from, std::string_view to) {
    auto changed = whole;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  for (const auto& text :
       {with("configured", "unclaimed"), with("configured", "owned"), with("cloud-init", "mail"),
        with(":true", ":1"), with("\"version\":1", "\"version\":2"),
        with("\"version\":1", "\"version\":1,\"more\":2"), with("xn--bcher-kva.de", "co.uk"),
        with("\"abc\"", "null"), std::string("[]"), std::string(5000, ' ')}) {
    EXPECT_FALSE(from_json(text)) << text;
  }
}

TEST_F(TheJournal, IsKeptForAPersonToLookAtWhenSetAside) {
  ASSERT_TRUE(write_file(file_, "garbage"));
  ASSERT_TRUE(journal_.set_aside());
  EXPECT_EQ(journal_.load().value(), std::nullopt);
  EXPECT_EQ(read_file(folder_.path() / "claim.json.unreadable"), "garbage");
}

}  // namespace
}  // namespace stratify::firstboot
