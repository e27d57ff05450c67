#include "firstboot/welcome_server.hpp"

#include <signal.h>
#include <syslog.h>

#include <array>
#include <exception>
#include <optional>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "firstboot/log.hpp"

namespace stratify::firstboot {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using Parser = http::request_parser<http::string_body>;
using Reply = http::response<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// A field given twice could mean one thing to the proxy and another to us: it then counts as missing.
std::string field(const Parser::value_type& message, http::field name) {
  if (message.count(name) != 1) return {};
  return std::string(message[name]);
}

std::string field(const Parser::value_type& message, std::string_view name) {
  if (message.count(name) != 1) return {};
  return std::string(message[name]);
}

Request to_request(const Parser::value_type& message) {
  return {.method = std::string(message.method_string()),
          .target = std::string(message.target()),
          .host = field(message, http::field::host),
          .origin = field(message, http::field::origin),
          .fetch_site = field(message, "Sec-Fetch-Site"),
          .content_type = field(message, http::field::content_type),
          .cookie = field(message, http::field::cookie),
          .forwarded_for = field(message, "X-Forwarded-For"),
          .forwarded_proto = field(message, "X-Forwarded-Proto"),
          .body = message.body()};
}

Reply to_reply(Response response, bool keep_alive) {
  Reply reply(static_cast<http::status>(response.status), 11);
  for (const auto& [name, value] : response.headers) reply.insert(name, value);
  reply.set(http::field::content_type, response.content_type);
  reply.set(http::field::cache_control, "no-store");
  reply.set("X-Content-Type-Options", "nosniff");
  reply.set("X-Frame-Options", "DENY");
  // Under "no-referrer" a browser sends our own forms with "Origin: null" (Fetch standard, section 3.2).
  reply.set("Referrer-Policy", "same-origin");
  reply.set("Cross-Origin-Opener-Policy", "same-origin");
  reply.keep_alive(keep_alive);
  reply.body() = std::move(response.body);
  reply.prepare_payload();
  return reply;
}

Response refusal(unsigned status, std::string sentence) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(sentence) + "\n"};
}

// What to answer when a request cannot be read, nothing when nobody waits for an answer.
std::optional<Response> answer_to(const beast::error_code& error) {
  if (error == http::error::header_limit) return refusal(431, "The request's header is too large.");
  if (error == http::error::body_limit) return refusal(413, "The request is too large.");
  if (error == http::error::end_of_stream || error == beast::error::timeout) return std::nullopt;
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return refusal(400, "This is no HTTP request.");
  }
  return std::nullopt;
}

class Server {
 public:
  Server(asio::io_context& context, Local::acceptor acceptor, const Responder& respond,
         const ServerLimits& limits)
      : context_(context),
        acceptor_(std::move(acceptor)),
        respond_(respond),
        limits_(limits),
        room_(context),
        idle_(context) {}

  void start() {
    asio::co_spawn(context_, accept(), asio::detached);
    watch_idle();
  }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      while (active_ >= limits_.connections) {
        room_.expires_at(asio::steady_timer::time_point::max());
        co_await room_.async_wait(kAwait);  // cancelled by the next connection that ends
      }
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (error == asio::error::operation_aborted) co_return;
      if (error) continue;
      ++active_;
      idle_.cancel();
      asio::co_spawn(context_, converse(Stream(std::move(socket))),
                     [this](const std::exception_ptr& failure) {
                       if (failure) log(LOG_ERR, "a connection ended by an exception");
                       --active_;
                       room_.cancel();
                       watch_idle();
                     });
    }
  }

  asio::awaitable<void> converse(Stream stream) {
    beast::flat_buffer buffer(limits_.header + limits_.body);
    bool refused = false;
    for (bool keep_alive = true; keep_alive;) {
      Parser parser;
      parser.header_limit(static_cast<std::uint32_t>(limits_.header));
      parser.body_limit(limits_.body);
      stream.expires_after(limits_.request);
      const auto [error, bytes] = co_await http::async_read(stream, buffer, parser, kAwait);
      auto refusal = error ? answer_to(error) : std::nullopt;
      if (error && !refusal) co_return;
      refused = refusal.has_value();
      keep_alive = !refused && parser.get().keep_alive();
      const auto reply =
          to_reply(refused ? *std::move(refusal) : respond_(to_request(parser.get())), keep_alive);
      const auto [write_error, written] = co_await http::async_write(stream, reply, kAwait);
      if (write_error) co_return;
    }
    beast::error_code ignored;  // the client may have gone already
    stream.socket().shutdown(Local::socket::shutdown_send, ignored);
    if (refused) co_await hear_out(stream);
  }

  // To close while something is unread is a reset (unix(7)), which overtakes the answer: the client fails to
  // send and never looks at it.
  asio::awaitable<void> hear_out(Stream& stream) {
    std::array<char, 4096> nowhere{};
    stream.expires_after(limits_.farewell);
    for (std::size_t heard = 0; heard < limits_.unread;) {
      const auto [error, count] = co_await stream.async_read_some(asio::buffer(nowhere), kAwait);
      if (error) co_return;
      heard += count;
    }
  }

  void watch_idle() {
    if (limits_.idle_exit.count() == 0 || active_ > 0) return;
    idle_.expires_after(limits_.idle_exit);
    idle_.async_wait([this](const beast::error_code& error) {
      if (!error && active_ == 0) context_.stop();
    });
  }

  asio::io_context& context_;
  Local::acceptor acceptor_;
  const Responder& respond_;
  const ServerLimits& limits_;
  asio::steady_timer room_;
  asio::steady_timer idle_;
  std::size_t active_ = 0;
};

}  // namespace

Result<void> serve(Descriptor listener, const Responder& respond, const ServerLimits& limits) {
  try {
    asio::io_context context(1);
    Local::acceptor acceptor(context, Local(), listener.release());
    Server server(context, std::move(acceptor), respond, limits);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const beast::error_code&, int) { context.stop(); });
    server.start();
    context.run();
    return {};
  } catch (const std::exception& error) {
    return fail(Category::kIo, "serve", "the pages", error.what());
  }
}

}  // namespace stratify::firstboot
