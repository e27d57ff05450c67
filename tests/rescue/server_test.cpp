// A real server and a real client over TLS.
#include "rescue/server.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <condition_variable>
#include <filesystem>
#include <thread>

#include "platform/file.hpp"
#include "platform/http.hpp"
#include "platform/process.hpp"
#include "stack/secrets.hpp"

namespace stratify::rescue {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr unsigned kQuick = 4;  // rounds of bcrypt, for tests

class ARescueServer : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path() / "var/lib/openhaven/data");
    fs::create_directories(folder_.path() / stack::kSecretsFolder);
    ASSERT_TRUE(write_file(folder_.path() / "var/lib/openhaven/data/large", std::string(3'000'000, 'x')));
    ASSERT_TRUE(write_file(folder_.path() / stack::kSecretsFolder / "users",
                           "owner:" + stack::bcrypt_of("secret", kQuick).value() + "\n"));
    thread_ = std::thread([this] {
      const auto done =
          serve(identity_, responder_, {.connections = 2, .on_ready = [this](std::uint16_t port) {
                                          const std::scoped_lock lock(mutex_);
                                          port_ = port;
                                          ready_.notify_all();
                                        }});
      EXPECT_TRUE(done) << done.error().message();
    });
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return port_ != 0; });
  }
  void TearDown() override {
    ::kill(::getpid(), SIGTERM);
    thread_.join();
  }

  Result<HttpAnswer> get(const std::string& target) {
    return ask(TlsSocket{{"127.0.0.1", port_}, "openhaven.local", identity_.certificate},
               {.target = target, .host = "openhaven.local"}, {});
  }
  // As a person's browser or curl does it.
  std::string download(const std::string& path) {
    const auto url = "https://127.0.0.1:" + std::to_string(port_) + path;
    return run_checked(runner_, {.arguments = {"curl", "--silent", "--fail", "--insecure", "--user",
                                               "owner:secret", url}})
        .value();
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  RealProcessRunner runner_;
  SelfSigned identity_ = make_self_signed("openhaven.local", std::chrono::hours(1)).value();
  Responder responder_{folder_.path(), runner_, [] {}};
  std::mutex mutex_;
  std::condition_variable ready_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(ARescueServer, ProvesItsNameByTheCertificateThatTheConsoleShows) {
  const auto answer = get("/");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 401U);
}

TEST_F(ARescueServer, StreamsDataThatIsLargerThanItsMemory) {
  const auto bytes = download("/data.tar");
  EXPECT_GT(bytes.size(), 3'000'000U);
  EXPECT_THAT(bytes, HasSubstr(std::string(100'000, 'x')));
}

TEST_F(ARescueServer, GoesOnAfterStrangersWhoSpeakSomethingElse) {
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(ask(TcpSocket{"127.0.0.1", port_}, {.host = "openhaven.local"}, {}));
  EXPECT_TRUE(get("/"));
}

}  // namespace
}  // namespace stratify::rescue
