#include "rescue/server.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <exception>
#include <list>
#include <thread>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace stratify::rescue {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using Tcp = asio::ip::tcp;

constexpr std::uint32_t kLongestHeader = 8U << 10U;

void use(ssl::context& context, const SelfSigned& identity) {
  context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  context.use_certificate_chain(asio::buffer(identity.certificate));
  context.use_private_key(asio::buffer(identity.key), ssl::context::pem);
}

template <class Body>
http::response<Body> head_of(const Answer& answer) {
  http::response<Body> reply(static_cast<http::status>(answer.status), 11);
  reply.set(http::field::content_type, answer.type);
  reply.set(http::field::cache_control, "no-store");
  reply.set(http::field::connection, "close");
  reply.set("X-Content-Type-Options", "nosniff");
  reply.set("X-Frame-Options", "DENY");
  reply.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  if (reply.result() == http::status::unauthorized) reply.set(http::field::www_authenticate, "Basic realm=\"OpenHaven\"");
  if (!answer.file_name.empty())
    reply.set(http::field::content_disposition, "attachment; filename=\"" + answer.file_name + "\"");
  return reply;
}

// One connection, in a thread of its own: what it sends may take hours to read.
class Guest {
 public:
  Guest(int socket, ssl::context& tls, Responder& responder, std::chrono::seconds silence)
      : socket_(socket), silence_(silence), stream_(Tcp::socket(context_, Tcp::v6(), socket), tls) {
    thread_ = std::thread([this, &responder] {
      try {
        converse(responder);
      } catch (const std::exception&) {
        // They went away, fell silent, or spoke no HTTP: nobody is left to tell.
      }
      ::shutdown(socket_, SHUT_RDWR);  // now: the object is removed only when the next guest comes
      done_ = true;
    });
  }
  ~Guest() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  Guest(Guest&&) = delete;
  Guest& operator=(Guest&&) = delete;

  [[nodiscard]] bool is_done() const { return done_; }

 private:
  void converse(Responder& responder) {
    perform([&](auto done) { stream_.async_handshake(ssl::stream_base::server, done); });
    beast::flat_buffer buffer;
    http::request_parser<http::empty_body> parser;
    parser.header_limit(kLongestHeader);
    perform([&](auto done) { http::async_read(stream_, buffer, parser, done); });
    const auto& request = parser.get();
    const auto answer = responder.respond({.method = request.method_string(),
                                           .target = request.target(),
                                           .authorization = request[http::field::authorization]});
    if (answer.content)
      send_stream(answer);
    else
      send(answer);
    perform([&](auto done) { stream_.async_shutdown(done); });
  }

  void send(const Answer& answer) {
    auto reply = head_of<http::string_body>(answer);
    reply.body() = answer.body;
    reply.prepare_payload();
    perform([&](auto done) { http::async_write(stream_, reply, done); });
  }

  // Chunks (RFC 9112, section 7.1). What ends early has no last chunk, so nobody takes it for whole.
  void send_stream(const Answer& answer) {
    auto reply = head_of<http::empty_body>(answer);
    reply.chunked(true);
    http::response_serializer<http::empty_body> serializer(reply);
    perform([&](auto done) { http::async_write_header(stream_, serializer, done); });
    const auto sent = answer.content([&](std::string_view piece) {
      perform([&](auto done) { asio::async_write(stream_, http::make_chunk(asio::buffer(piece)), done); });
      return true;
    });
    if (sent) perform([&](auto done) { asio::async_write(stream_, http::make_chunk_last(), done); });
  }

  // One operation, until it is done or nothing has moved for too long. Throws what went wrong.
  template <class Start>
  void perform(Start start) {
    beast::error_code outcome;
    beast::get_lowest_layer(stream_).expires_after(silence_);
    start([&](const beast::error_code& error, auto&&...) { outcome = error; });
    context_.restart();
    context_.run();
    if (outcome) throw beast::system_error(outcome);
  }

  asio::io_context context_{1};
  int socket_;
  std::chrono::seconds silence_;
  ssl::stream<beast::tcp_stream> stream_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

class Server {
 public:
  Server(asio::io_context& context, ssl::context& tls, Responder& responder, const ServerOptions& options)
      : tls_(tls), responder_(responder), options_(options), acceptor_(context) {
    const Tcp::endpoint everywhere(asio::ip::address_v6::any(), options.port);
    acceptor_.open(everywhere.protocol());
    acceptor_.set_option(asio::ip::v6_only(false));
    acceptor_.set_option(Tcp::acceptor::reuse_address(true));
    acceptor_.bind(everywhere);
    acceptor_.listen();
    if (options.on_ready) options.on_ready(acceptor_.local_endpoint().port());
  }

  void accept() {
    acceptor_.async_accept([this](const beast::error_code& error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      guests_.remove_if([](const Guest& guest) { return guest.is_done(); });
      if (!error && guests_.size() < options_.connections)
        guests_.emplace_back(socket.release(), tls_, responder_, options_.silence);
      accept();
    });
  }

 private:
  ssl::context& tls_;
  Responder& responder_;
  const ServerOptions& options_;
  Tcp::acceptor acceptor_;
  std::list<Guest> guests_;
};

}  // namespace

Result<void> serve(const SelfSigned& identity, Responder& responder, const ServerOptions& options) {
  try {
    asio::io_context context(1);
    ssl::context tls(ssl::context::tls_server);
    use(tls, identity);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const beast::error_code&, int) { context.stop(); });
    Server server(context, tls, responder, options);
    server.accept();
    context.run();
    return {};
  } catch (const std::exception& error) {
    return fail(Category::kIo, "serve", "the rescue page", error.what());
  }
}

}  // namespace stratify::rescue
