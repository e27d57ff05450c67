#include "tests/support/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <format>
#include <list>
#include <mutex>
#include <thread>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

namespace stratify::tests {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using Request = http::request<http::empty_body>;

// N of "bytes=N-"; 0 for anything else.
std::size_t range_begin(std::string_view range) {
  std::size_t begin = 0;
  constexpr std::string_view kPrefix = "bytes=";
  if (range.starts_with(kPrefix))
    std::from_chars(range.data() + kPrefix.size(), range.data() + range.size(), begin);
  return begin;
}

std::string head_of(const Reply& reply, std::size_t begin) {
  const auto status = begin > 0 ? 206U : reply.status;
  auto head = std::format("HTTP/1.1 {} {}\r\nContent-Length: {}\r\n", status,
                          std::string(http::obsolete_reason(static_cast<http::status>(status))),
                          reply.body.size() - begin);
  if (begin > 0)
    head += std::format("Content-Range: bytes {}-{}/{}\r\n", begin, reply.body.size() - 1, reply.body.size());
  return head + "\r\n";
}

}  // namespace

struct HttpServer::State {
  asio::io_context context;
  Tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  mutable std::mutex mutex;
  std::map<std::string, std::vector<Reply>> replies;
  std::vector<SeenRequest> seen;
  std::list<std::shared_ptr<Tcp::socket>> sockets;
  std::vector<std::jthread> clients;
  std::size_t stalls = 0;
  std::condition_variable stalled;
  bool stopping = false;
  std::jthread acceptance;

  void accept() {
    for (;;) {
      auto socket = std::make_shared<Tcp::socket>(context);
      beast::error_code error;
      acceptor.accept(*socket, error);
      const std::scoped_lock lock(mutex);
      if (stopping || error) return;
      sockets.push_back(socket);
      clients.emplace_back([this, socket] { serve(*socket); });
    }
  }

  // Until the client leaves, a drop is asked for, or the server ends.
  void serve(Tcp::socket& socket) {
    beast::flat_buffer buffer;
    for (;;) {
      Request request;
      beast::error_code error;
      http::read(socket, buffer, request, error);
      if (error || !send(socket, request)) break;
    }
    beast::error_code ignored;
    socket.shutdown(Tcp::socket::shutdown_both, ignored);
  }

  Reply next_reply(const Request& request) {
    const std::scoped_lock lock(mutex);
    seen.push_back({std::string(request.target()), std::string(request[http::field::range])});
    const auto found = replies.find(std::string(request.target()));
    if (found == replies.end()) return {.status = 404};
    auto reply = found->second.front();
    if (found->second.size() > 1) found->second.erase(found->second.begin());
    return reply;
  }

  // Whether the connection stays open.
  bool send(Tcp::socket& socket, const Request& request) {
    const auto reply = next_reply(request);
    const auto begin = reply.ranges && reply.status == 200 ? range_begin(request[http::field::range]) : 0;
    const auto count = std::min({reply.body.size() - begin, reply.drop_after.value_or(reply.body.size()),
                                 reply.stall_after.value_or(reply.body.size())});
    const auto head = head_of(reply, begin);
    beast::error_code error;
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head),
                                                  asio::buffer(reply.body.data() + begin, count)};
    asio::write(socket, parts, error);
    if (reply.stall_after) {
      note_stall();
      wait_for_end(socket);
    }
    return !error && !reply.drop_after && !reply.stall_after;
  }

  void note_stall() {
    const std::scoped_lock lock(mutex);
    ++stalls;
    stalled.notify_all();
  }

  static void wait_for_end(Tcp::socket& socket) {
    std::array<char, 64> bytes;
    beast::error_code error;
    while (!error) socket.read_some(asio::buffer(bytes), error);
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
      for (const auto& socket : sockets) ::shutdown(socket->native_handle(), SHUT_RDWR);
    }
    ::shutdown(acceptor.native_handle(), SHUT_RDWR);  // wakes the waiting accept(2)
    acceptance.join();
    clients.clear();
  }
};

HttpServer::HttpServer() : state_(std::make_unique<State>()) {
  state_->acceptance = std::jthread([this] { state_->accept(); });
}

HttpServer::~HttpServer() { state_->stop(); }

void HttpServer::answer(const std::string& target, std::vector<Reply> replies) {
  const std::scoped_lock lock(state_->mutex);
  state_->replies[target] = std::move(replies);
}

std::string HttpServer::address(const std::string& target) const {
  return std::format("http://127.0.0.1:{}{}", state_->acceptor.local_endpoint().port(), target);
}

std::vector<SeenRequest> HttpServer::seen() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->seen;
}

void HttpServer::wait_for_stall(std::size_t n) {
  std::unique_lock lock(state_->mutex);
  state_->stalled.wait(lock, [&] { return state_->stalls >= n; });
}

}  // namespace stratify::tests
