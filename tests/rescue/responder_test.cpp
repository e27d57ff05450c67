// Who sees what, on a machine in a folder.
#include "rescue/responder.hpp"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>

#include "platform/file.hpp"
#include "stack/secrets.hpp"
#include "tests/support/fake_process.hpp"
#include "updater/store.hpp"

namespace stratify::rescue {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr unsigned kQuick = 4;  // rounds of bcrypt, for tests

class AMachineThatIsStuck : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root() / "var/lib/openhaven/data/webdav");
    fs::create_directories(root() / stack::kSecretsFolder);
    fs::create_directories(root() / updater::kUpdateFolder);
    ASSERT_TRUE(write_file(root() / "var/lib/openhaven/data/webdav/note.txt", "kept"));
    ASSERT_TRUE(write_file(root() / stack::kSecretsFolder / "users",
                           "owner:" + stack::bcrypt_of("secret", kQuick).value() + "\n"));
    updater::Record record;
    record.state = updater::State::kStuck;
    record.outcome =
        updater::Outcome{.kind = "stuck", .version = "2.0", .from = "1.0", .reason = "webdav.service failed"};
    ASSERT_TRUE(updater::Store(root() / updater::kUpdateFolder).save(record));
  }

  fs::path root() const { return folder_.path(); }
  Answer get(const std::string& target, const std::string& login = "b3duZXI6c2VjcmV0") {  // owner:secret
    return responder_.respond({.method = "GET", .target = target, .authorization = "Basic " + login});
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  tests::FakeProcessRunner runner_;
  int pauses_ = 0;
  Responder responder_{folder_.path(), runner_, [this] { ++pauses_; }};
};

TEST_F(AMachineThatIsStuck, TellsItsOwnerWhy) {
  const auto answer = get("/");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(
      answer.body,
      HasSubstr("2.0 was tried and taken back, and 1.0 is not healthy either: webdav.service failed."));
  EXPECT_EQ(pauses_, 0);
}

TEST_F(AMachineThatIsStuck, TellsNobodyElseAndLetsThemWait) {
  const std::array others{
      "", "b3duZXI6d3Jvbmc=", "b3RoZXI6c2VjcmV0", "b3duZXI6", "b3duZXI=", "!", "b3duZXI6c2VjcmV0Cg=="};
  for (const auto* login : others) {
    const auto answer = get("/", login);
    EXPECT_EQ(answer.status, 401U) << login;
    EXPECT_THAT(answer.body, Not(HasSubstr("webdav"))) << login;
  }
  EXPECT_EQ(pauses_, static_cast<int>(others.size()));
}

TEST_F(AMachineThatIsStuck, LetsNobodyInWhenTheUsersCannotBeRead) {
  fs::remove(root() / stack::kSecretsFolder / "users");
  EXPECT_EQ(get("/").status, 401U);
}

TEST_F(AMachineThatIsStuck, HandsOutItsData) {
  const auto answer = get("/data.tar");
  EXPECT_EQ(answer.file_name, "data.tar");
  std::string bytes;
  ASSERT_TRUE(answer.content([&](std::string_view piece) { return bytes += piece, true; }));
  EXPECT_THAT(bytes, HasSubstr("data/webdav/note.txt"));
  EXPECT_THAT(bytes, HasSubstr("kept"));
}

TEST_F(AMachineThatIsStuck, HandsOutNothingElse) {
  for (const auto* target :
       {"/secrets.tar", "/../secrets.tar", "/data/../secrets.tar", "/data-sets/.tar", "/data"})
    EXPECT_EQ(get(target).status, 404U) << target;
  EXPECT_EQ(responder_.respond({.method = "POST", .target = "/", .authorization = ""}).status, 405U);
}

TEST_F(AMachineThatIsStuck, ShowsTheJournal) {
  runner_.answer("journalctl --boot --no-pager --lines=5000", {.out = "webdav: it is broken\n"});
  EXPECT_EQ(get("/journal.txt").body, "webdav: it is broken\n");
}

TEST_F(AMachineThatIsStuck, SaysSoWhenTheRecordCannotBeRead) {
  ASSERT_TRUE(write_file(root() / updater::kUpdateFolder / "record.json", "{"));
  EXPECT_THAT(get("/").body, HasSubstr("What the updater remembers cannot be read"));
}

}  // namespace
}  // namespace stratify::rescue
