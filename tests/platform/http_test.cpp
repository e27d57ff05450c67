#include "platform/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <thread>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include "tests/support/authority.hpp"

namespace stratify {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using testing::HasSubstr;

constexpr HttpLimits kLimits{.time = std::chrono::seconds(10), .header = 1024, .body = 1024};

// Listens on a port of its own; what is done with the one connection that comes is up to the test.
class Listener {
 public:
  using Conversation = std::move_only_function<void(tcp::socket connection)>;

  explicit Listener(Conversation conversation)
      : acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        thread_(
            [this, conversation = std::move(conversation)]() mutable { conversation(acceptor_.accept()); }) {}

  [[nodiscard]] TcpSocket address() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::jthread thread_;
};

template <class Stream>
std::string answer_with(Stream& stream, std::string_view text) {
  std::string request;
  asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n");
  boost::system::error_code gone;
  asio::write(stream, asio::buffer(text), gone);
  return request;
}

Listener::Conversation saying(std::string text, std::string* heard = nullptr) {
  return [text = std::move(text), heard](tcp::socket connection) {
    auto request = answer_with(connection, text);
    if (heard != nullptr) *heard = std::move(request);
  };
}

TEST(AnHttpRequest, SendsWhatItIsGivenAndReadsTheAnswer) {
  std::string heard;
  HttpAnswer answer;
  {
    const Listener listener(saying("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", &heard));
    answer = ask(listener.address(), {.target = "/token", .host = "example.org"}, kLimits).value();
  }
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(answer.body, "none");
  EXPECT_EQ(heard, "GET /token HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
}

TEST(AnHttpRequest, NobodyAnswersIsUnavailable) {
  asio::io_context context;
  tcp::acceptor closed(context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  const auto port = closed.local_endpoint().port();
  closed.close();
  EXPECT_EQ(ask(TcpSocket{"127.0.0.1", port}, {}, kLimits).error().category(), Category::kUnavailable);
}

TEST(AnHttpRequest, DoesNotWaitForever) {
  std::promise<void> over;
  const Listener listener([ended = over.get_future()](const tcp::socket&) { ended.wait(); });
  const auto answer = ask(listener.address(), {}, {.time = std::chrono::milliseconds(50)});
  over.set_value();
  EXPECT_EQ(answer.error().category(), Category::kTimeout);
}

TEST(AnHttpRequest, ReadsNoMoreThanItsLimits) {
  const Listener header(saying("HTTP/1.1 200 OK\r\nX: " + std::string(2000, 'x') + "\r\n\r\n"));
  EXPECT_EQ(ask(header.address(), {}, kLimits).error().category(), Category::kUnavailable);
  const Listener body(saying("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x')));
  EXPECT_EQ(ask(body.address(), {}, kLimits).error().category(), Category::kUnavailable);
}

TEST(AnHttpRequest, ToNoAddressIsRefused) {
  EXPECT_EQ(ask(TcpSocket{"example.org", 80}, {}, kLimits).error().category(), Category::kInvalidInput);
}

// Over TLS

class AnHttpsRequest : public testing::Test {
 protected:
  // Asks a server that shows a certificate, by a name, trusting an authority.
  Result<HttpAnswer> ask_for(const std::string& name, const tests::Certified& shown,
                             const std::string& authority) {
    const Listener listener([&](tcp::socket connection) {
      ssl::context tls(ssl::context::tls_server);
      tls.use_certificate(asio::buffer(shown.certificate), ssl::context::pem);
      tls.use_private_key(asio::buffer(shown.key), ssl::context::pem);
      ssl::stream<tcp::socket> stream(std::move(connection), tls);
      boost::system::error_code refused;
      if (stream.handshake(ssl::stream_base::server, refused)) return;
      asked_for_ = ::SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
      answer_with(stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
    return ask(TlsSocket{listener.address(), name, authority}, {.host = name}, kLimits);
  }

  tests::Authority own_;
  tests::Authority other_;
  std::string asked_for_;
};

TEST_F(AnHttpsRequest, TakesACertificateOfItsAuthorityForTheName) {
  const auto answer = ask_for("files.cloud.test", own_.certify("files.cloud.test"), own_.certificate());
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(asked_for_, "files.cloud.test");
}

TEST_F(AnHttpsRequest, RefusesAnotherAuthority) {
  const auto answer = ask_for("files.cloud.test", other_.certify("files.cloud.test"), own_.certificate());
  EXPECT_EQ(answer.error().category(), Category::kVerification);
  EXPECT_THAT(answer.error().message(), HasSubstr("its certificate: certificate signature failure"));
}

TEST_F(AnHttpsRequest, RefusesAnotherName) {
  const auto shown = own_.certify("calendar.cloud.test");
  for (const auto& authority : {own_.certificate(), std::string()})
    EXPECT_EQ(ask_for("files.cloud.test", shown, authority).error().category(), Category::kVerification);
}

TEST_F(AnHttpsRequest, RefusesACertificateWhoseTimeIsOver) {
  const auto shown = own_.certify("files.cloud.test", 0);
  for (const auto& authority : {own_.certificate(), std::string()})
    EXPECT_EQ(ask_for("files.cloud.test", shown, authority).error().category(), Category::kVerification);
}

TEST_F(AnHttpsRequest, WithoutAnAuthorityLeavesOpenWhoSigned) {
  EXPECT_TRUE(ask_for("files.cloud.test", other_.certify("files.cloud.test"), ""));
}

TEST_F(AnHttpsRequest, OfAPeerThatRefusesTheHandshakeFails) {
  const Listener listener([](tcp::socket connection) {
    ssl::context tls(ssl::context::tls_server);  // without a certificate
    ssl::stream<tcp::socket> stream(std::move(connection), tls);
    boost::system::error_code refused;
    stream.handshake(ssl::stream_base::server, refused);
  });
  const auto answer = ask(TlsSocket{listener.address(), "files.cloud.test", own_.certificate()}, {}, kLimits);
  EXPECT_EQ(answer.error().category(), Category::kVerification);
}

}  // namespace
}  // namespace stratify
