#include "firstboot/welcome_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace stratify::firstboot {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGood = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

class Client {
 public:
  explicit Client(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  // False when the server has closed.
  bool send(std::string_view data) {
    while (!data.empty()) {
      const auto count = ::send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
      if (count < 0) return false;
      data.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // What the server has sent so far, once there is something.
  std::string read_some() {
    std::array<char, 4096> buffer{};
    const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : "";
  }

  // Everything until the server closes; the bound is the server's own.
  std::string read_all() {
    std::string all;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  Descriptor fd_;
};

class TheServer : public testing::Test {
 protected:
  TheServer() {
    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener.get(), 64), 0);
    thread_ = std::jthread([this, fd = std::move(listener)]() mutable {
      EXPECT_TRUE(serve(std::move(fd), [this](const Request& request) { return answer(request); }, limits_));
    });
    EXPECT_THAT(ask(kGood), StartsWith("HTTP/1.1 200"));  // its signal handler stands from here on
  }
  ~TheServer() override { ::kill(::getpid(), SIGTERM); }
  TheServer(const TheServer&) = delete;
  TheServer& operator=(const TheServer&) = delete;

  Response answer(const Request& request) {
    last_ = request;
    return {.status = 200, .body = "hello"};
  }

  std::string ask(std::string_view text) {
    Client client(path_);
    client.send(text);
    return client.read_all();
  }

  static std::size_t resident_pages() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident;
  }

  TemporaryFolder folder_ = TemporaryFolder::create("/tmp").value();
  std::filesystem::path path_ = folder_.path() / "web.sock";
  ServerLimits limits_{.connections = 4,
                       .request = std::chrono::milliseconds(300),
                       .farewell = std::chrono::milliseconds(300)};
  Request last_;
  std::jthread thread_;
};

TEST_F(TheServer, PassesOnWhatTheProxySent) {
  ask("POST /claim HTTP/1.1\r\nHost: 192.0.2.7\r\nOrigin: http://192.0.2.7\r\nX-Forwarded-For: 192.0.2.9\r\n"
      "Content-Length: 3\r\nConnection: close\r\n\r\na=b");
  EXPECT_EQ(last_.method, "POST");
  EXPECT_EQ(last_.target, "/claim");
  EXPECT_EQ(last_.origin, "http://192.0.2.7");
  EXPECT_EQ(last_.forwarded_for, "192.0.2.9");
  EXPECT_EQ(last_.body, "a=b");
}

TEST_F(TheServer, TakesAFieldThatIsGivenTwiceForMissing) {
  ask("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(last_.host, "");
}

TEST_F(TheServer, AnswersSeveralRequestsOnOneConnection) {
  Client client(path_);
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.send(kGood);
  const auto answers = client.read_all();
  EXPECT_NE(answers.find("hello"), answers.rfind("hello"));
}

TEST_F(TheServer, RefusesAHeaderOfTenMegabytesInBoundedMemory) {
  const auto before = resident_pages();
  Client client(path_);
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  const std::string piece(1U << 16U, 'x');
  for (int i = 0; i < 160 && client.send(piece); ++i) {
  }
  EXPECT_LT(resident_pages() - before, 256U) << "a megabyte";
  EXPECT_THAT(ask(kGood), StartsWith("HTTP/1.1 200"));
}

TEST_F(TheServer, SaysWhichLimitARequestExceeds) {
  const auto header = "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(8200, 'x');
  EXPECT_THAT(ask(header), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(ask("POST /claim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
}

constexpr std::string_view kTooMuch = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n";

TEST_F(TheServer, HearsOutWhoIsStillSendingWhatItHasRefused) {
  Client client(path_);
  client.send(kTooMuch);
  EXPECT_THAT(client.read_some(), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(client.send(std::string(50000, 'x')));
}

TEST_F(TheServer, HearsNobodyOutForever) {
  Client client(path_);
  client.send(kTooMuch);
  const std::string piece(1U << 16U, 'x');
  int sent = 0;
  while (sent < 160 && client.send(piece)) ++sent;
  EXPECT_LT(sent, 160) << "of 64 KiB each";
}

TEST_F(TheServer, ClosesOnASlowClient) {
  Client slow(path_);
  slow.send("GET / HTTP/1.1\r\nHost: loc");
  EXPECT_EQ(slow.read_all(), "");
  EXPECT_THAT(ask(kGood), StartsWith("HTTP/1.1 200"));
}

TEST_F(TheServer, ServesTheNextWhenAllConnectionsAreHeldByIdleClients) {
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(std::make_unique<Client>(path_));
  EXPECT_THAT(ask(kGood), StartsWith("HTTP/1.1 200"));
}

class AMalformedRequest : public TheServer, public testing::WithParamInterface<std::string> {};

TEST_P(AMalformedRequest, IsRefusedAndTheServerGoesOn) {
  EXPECT_THAT(ask(GetParam()), StartsWith("HTTP/1.1 400")) << GetParam();
  EXPECT_THAT(ask(kGood), StartsWith("HTTP/1.1 200"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, AMalformedRequest,
    testing::Values("nonsense\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01", "GET /\r\n\r\n",
                    "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                    "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));

}  // namespace
}  // namespace stratify::firstboot
