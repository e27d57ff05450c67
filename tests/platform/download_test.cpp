#include "platform/download.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "tests/support/http_server.hpp"

namespace stratify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::HttpServer;
using tests::Reply;

std::string content() {
  std::string text;
  for (int i = 0; text.size() < 300000; ++i) text += std::to_string(i) + "\n";
  return text;
}

class AServerThatMisbehaves : public testing::Test {
 protected:
  Result<void> fetch(std::vector<Reply> replies) {
    server_.answer("/a.deb", std::move(replies));
    return fetch();
  }

  Result<void> fetch() {
    const Download wanted{.name = "a 1.0",
                          .address = server_.address("/a.deb"),
                          .path = path_,
                          .sha256 = Sha256::of(content_),
                          .size = content_.size()};
    return download({wanted}, options_).at(0);
  }

  [[nodiscard]] std::vector<std::string> ranges() const {
    std::vector<std::string> result;
    for (const auto& request : server_.seen()) result.push_back(request.range);
    return result;
  }

  const std::string content_ = content();
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  std::filesystem::path path_ = folder_.path() / "debs" / "a.deb";
  std::filesystem::path part_ = path_.string() + ".part";
  DownloadOptions options_{.attempts = 3,
                           .first_pause = std::chrono::milliseconds(1),
                           .stall = std::chrono::milliseconds(200),
                           .on_progress = {}};
  HttpServer server_;
};

TEST_F(AServerThatMisbehaves, ByDroppingTheConnectionIsAskedForTheRest) {
  ASSERT_TRUE(fetch({{.body = content_, .drop_after = 100000}, {.body = content_}}));
  EXPECT_EQ(read_file(path_), content_);
  EXPECT_THAT(ranges(), ElementsAre("", "bytes=100000-"));
  EXPECT_FALSE(std::filesystem::exists(part_));
}

TEST_F(AServerThatMisbehaves, ByNotResumingIsAskedForTheWhole) {
  ASSERT_TRUE(fetch(
      {{.body = content_, .drop_after = 100000}, {.body = content_, .ranges = false}, {.body = content_}}));
  EXPECT_EQ(read_file(path_), content_);
}

TEST_F(AServerThatMisbehaves, ByDroppingEveryTimeIsGivenUpWithThePartKept) {
  const auto result = fetch({{.body = content_, .drop_after = 1000}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kUnavailable);
  EXPECT_EQ(server_.seen().size(), 3U);
  EXPECT_EQ(std::filesystem::file_size(part_), 3000U);
}

TEST_F(AServerThatMisbehaves, BySendingOtherBytesIsRefusedByName) {
  auto wrong = content_;
  wrong[70000] ^= 1;
  const auto result = fetch({{.body = wrong}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kVerification);
  EXPECT_EQ(result.error().message(), "a 1.0: cannot use " + server_.address("/a.deb") +
                                          ": its SHA-256 is not " + Sha256::of(content_).hex());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(AServerThatMisbehaves, BySendingTooMuchIsCutOff) {
  const auto result = fetch({{.body = content_ + "x"}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(),
              HasSubstr("it is longer than the " + std::to_string(content_.size()) + " bytes expected"));
}

TEST_F(AServerThatMisbehaves, BySendingTooLittleIsRefused) {
  const auto result = fetch({{.body = "short"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kVerification);
}

TEST_F(AServerThatMisbehaves, ByBeingWrongOnceIsAskedAgain) {
  ASSERT_TRUE(fetch({{.body = std::string(content_.size(), 'x')}, {.body = content_}}));
  EXPECT_EQ(read_file(path_), content_);
}

TEST_F(AServerThatMisbehaves, ByFailingForAWhileIsAskedAgain) {
  ASSERT_TRUE(fetch({{.status = 503}, {.status = 500}, {.body = content_}}));
  EXPECT_EQ(read_file(path_), content_);
}

TEST_F(AServerThatMisbehaves, ByNotHavingTheFileIsAskedOnce) {
  const auto result = fetch();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kNotFound);
  EXPECT_EQ(result.error().message(),
            "a 1.0: cannot fetch " + server_.address("/a.deb") + ": the server answers 404");
  EXPECT_EQ(server_.seen().size(), 1U);
}

TEST_F(AServerThatMisbehaves, ByFallingSilentIsLeftAndResumed) {
  ASSERT_TRUE(fetch({{.body = content_, .stall_after = 100000}, {.body = content_}}));
  EXPECT_EQ(read_file(path_), content_);
  EXPECT_THAT(ranges(), ElementsAre("", "bytes=100000-"));
}

TEST_F(AServerThatMisbehaves, ByFallingSilentEveryTimeIsATimeout) {
  options_.attempts = 1;
  const auto result = fetch({{.body = content_, .stall_after = 10}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kTimeout);
}

TEST_F(AServerThatMisbehaves, ByBeingSlowIsGivenUpAtTheDeadline) {
  options_.deadline = std::chrono::seconds(0);
  const auto result = fetch({{.body = content_, .stall_after = 10}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().category(), Category::kTimeout);
}

TEST_F(AServerThatMisbehaves, DoesNotMakeUsTrustAPartThatIsNotOfThisFile) {
  ASSERT_TRUE(write_file(part_, std::string(5000, 'x')));
  ASSERT_TRUE(fetch({{.body = content_}}));
  EXPECT_EQ(read_file(path_), content_);
  EXPECT_THAT(ranges(), ElementsAre("bytes=5000-", ""));
}

TEST_F(AServerThatMisbehaves, IsNotAskedForAPartThatIsComplete) {
  ASSERT_TRUE(write_file(part_, content_));
  ASSERT_TRUE(fetch());
  EXPECT_EQ(read_file(path_), content_);
  EXPECT_THAT(server_.seen(), testing::IsEmpty());
}

TEST(ManyFiles, ComeWithAResultEachAndOneFailureStopsNoOther) {
  const auto folder = TemporaryFolder::create(testing::TempDir()).value();
  HttpServer server;
  std::vector<Download> wanted;
  for (int i = 0; i < 40; ++i) {
    const auto target = "/" + std::to_string(i);
    if (i != 7) server.answer(target, {{.body = target}});
    wanted.push_back({.name = target,
                      .address = server.address(target),
                      .path = folder.path() / std::to_string(i),
                      .sha256 = Sha256::of(target),
                      .size = target.size()});
  }
  std::uint64_t reported = 0;
  const auto results = download(wanted, {.on_progress = [&](std::uint64_t bytes) { reported = bytes; }});
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].has_value(), i != 7) << i;
  EXPECT_EQ(reported, 10 * 2 + 30 * 3 - 2);
}

}  // namespace
}  // namespace stratify
