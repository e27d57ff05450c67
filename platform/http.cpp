#include "platform/http.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <exception>
#include <optional>
#include <tuple>
#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace stratify {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;

using beast::error_code;
using Local = asio::local::stream_protocol;
using Parser = http::response_parser<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// Mistakes of the chain alone, for a peer of whom it is left open who signed for it.
bool is_about_the_chain(int error) {
  return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         error == X509_V_ERR_CERT_UNTRUSTED;
}

// A connection to one peer and what is said on it.
class Exchange {
 public:
  Exchange(const HttpRequest& request, const HttpLimits& limits) : limits_(limits) {
    request_.method_string(request.method);
    request_.target(request.target);
    request_.version(11);
    request_.set(http::field::host, request.host);
    request_.set(http::field::connection, "close");
    request_.body() = request.body;
    request_.prepare_payload();
    parser_.header_limit(static_cast<std::uint32_t>(limits.header));
    parser_.body_limit(limits.body);
  }

  error_code run(const HttpPeer& peer) {
    error_code outcome;
    asio::co_spawn(context_, std::visit([this](const auto& to) { return talk(to); }, peer),
                   [&](const std::exception_ptr& failure, error_code error) {
                     if (failure) std::rethrow_exception(failure);
                     outcome = error;
                   });
    context_.run();
    return outcome;
  }

  // The library's own words for a certificate that is refused name whatever failed first.
  [[nodiscard]] std::string explain(const error_code& error) const {
    if (verdict_ == X509_V_OK) return error.message();
    return std::string("its certificate: ") + ::X509_verify_cert_error_string(verdict_);
  }

  HttpAnswer answer() { return {parser_.get().result_int(), std::move(parser_.get().body())}; }

 private:
  asio::awaitable<error_code> talk(const UnixSocket& peer) {
    beast::basic_stream<Local> stream(context_);
    stream.expires_after(limits_.time);
    const auto [error] = co_await stream.async_connect(Local::endpoint(peer.path.string()), kAwait);
    co_return error ? error : co_await exchange(stream);
  }

  asio::awaitable<error_code> talk(const TcpSocket& peer) {
    beast::tcp_stream stream(context_);
    const auto error = co_await connect(stream, peer);
    co_return error ? error : co_await exchange(stream);
  }

  asio::awaitable<error_code> talk(const TlsSocket& peer) {
    ssl::context tls(ssl::context::tls_client);
    ::SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
    if (!peer.authority.empty()) tls.add_certificate_authority(asio::buffer(peer.authority));
    ssl::stream<beast::tcp_stream> stream(context_, tls);
    expect(stream, peer);
    if (const auto error = co_await connect(stream.next_layer(), peer.tcp)) co_return error;
    const auto [error] = co_await stream.async_handshake(ssl::stream_base::client, kAwait);
    verdict_ = ::SSL_get_verify_result(stream.native_handle());
    co_return error ? error : co_await exchange(stream);
  }

  static void expect(ssl::stream<beast::tcp_stream>& stream, const TlsSocket& peer) {
    auto* const handle = stream.native_handle();
    SSL_set_tlsext_host_name(handle, peer.name.c_str());
    ::SSL_set1_host(handle, peer.name.c_str());
    stream.set_verify_mode(ssl::verify_peer);
    stream.set_verify_callback([anybody = peer.authority.empty()](bool good, ssl::verify_context& about) {
      return good || (anybody && is_about_the_chain(::X509_STORE_CTX_get_error(about.native_handle())));
    });
  }

  asio::awaitable<error_code> connect(beast::tcp_stream& stream, const TcpSocket& peer) {
    error_code error;
    const auto address = asio::ip::make_address(peer.address, error);
    if (error) co_return error;
    stream.expires_after(limits_.time);
    std::tie(error) = co_await stream.async_connect(asio::ip::tcp::endpoint(address, peer.port), kAwait);
    co_return error;
  }

  template <class Stream>
  asio::awaitable<error_code> exchange(Stream& stream) {
    const auto [write_error, written] = co_await http::async_write(stream, request_, kAwait);
    if (write_error) co_return write_error;
    beast::flat_buffer buffer;
    const auto [read_error, read] = co_await http::async_read(stream, buffer, parser_, kAwait);
    co_return read_error;
  }

  HttpLimits limits_;
  asio::io_context context_;
  http::request<http::string_body> request_;
  Parser parser_;
  long verdict_ = X509_V_OK;
};

Category category_of(const error_code& error) {
  if (error == beast::error::timeout) return Category::kTimeout;
  if (error == asio::error::invalid_argument) return Category::kInvalidInput;
  if (error.category() == asio::error::get_ssl_category()) return Category::kVerification;
  return Category::kUnavailable;
}

}  // namespace

Result<HttpAnswer> ask(const HttpPeer& peer, const HttpRequest& request, const HttpLimits& limits) {
  try {
    Exchange exchange(request, limits);
    if (const auto error = exchange.run(peer))
      return fail(category_of(error), "ask", request.host, exchange.explain(error));
    return exchange.answer();
  } catch (const std::exception& error) {
    return fail(Category::kUnavailable, "ask", request.host, error.what());
  }
}

}  // namespace stratify
