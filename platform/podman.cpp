#include "platform/podman.hpp"

#include <chrono>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

namespace stratify {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;

constexpr const char* kVersion = "/v5.0.0/libpod";
constexpr const char* kLabel = "openhaven";
constexpr std::chrono::seconds kLimit{60};  // an emulated machine starts podman's service slowly
constexpr std::uint64_t kMostBytes = 8U << 20U;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// RFC 3986, section 2.3.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved.contains(c))
      encoded += c;
    else
      (encoded += '%').append({kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return encoded;
}

// One request and its answer, within kLimit; run() drives it to its end.
class Exchange {
 public:
  Exchange(const std::filesystem::path& socket, Request request)
      : stream_(context_), request_(std::move(request)) {
    parser_.body_limit(kMostBytes);
    stream_.expires_after(kLimit);
    stream_.async_connect(asio::local::stream_protocol::endpoint(socket.string()),
                          [this](beast::error_code error) { on_connected(error); });
  }

  beast::error_code run() {
    context_.run();
    return error_;
  }
  Response response() { return parser_.release(); }

 private:
  void on_connected(beast::error_code error) {
    error_ = error;
    if (error) return;
    http::async_write(stream_, request_,
                      [this](beast::error_code written, std::size_t) { on_written(written); });
  }

  void on_written(beast::error_code error) {
    error_ = error;
    if (error) return;
    http::async_read(stream_, buffer_, parser_,
                     [this](beast::error_code read, std::size_t) { error_ = read; });
  }

  asio::io_context context_;
  beast::basic_stream<asio::local::stream_protocol> stream_;
  beast::flat_buffer buffer_;
  Request request_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
};

// {"cause": ..., "message": ..., "response": 500} as podman sends it.
std::string sentence_of(const Response& response) {
  boost::system::error_code error;
  const auto parsed = json::parse(response.body(), error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* message = object == nullptr ? nullptr : object->if_contains("message");
  if (message != nullptr && message->is_string()) return std::string(message->as_string());
  return "it answered " + std::to_string(response.result_int());
}

Category category_of(http::status status) {
  if (status == http::status::not_found) return Category::kNotFound;
  if (status == http::status::conflict) return Category::kConflict;
  return Category::kCommandFailed;
}

struct Call {
  std::string operation;  // for errors
  std::string object;
  http::verb verb = http::verb::get;
  std::string target;  // below the version
  std::string body;
};

Result<std::string> ask(const std::filesystem::path& socket, const Call& call) {
  Request request(call.verb, kVersion + call.target, 11);
  request.set(http::field::host, "podman");
  request.set(http::field::connection, "close");
  request.body() = call.body;
  request.prepare_payload();
  Exchange exchange(socket, std::move(request));
  if (const auto error = exchange.run()) {
    const bool late = error == beast::error::timeout;
    return fail(late ? Category::kTimeout : Category::kUnavailable, call.operation, call.object,
                "podman at " + socket.string() + ": " + error.message() +
                    "; see 'systemctl status podman.socket podman.service'");
  }
  auto response = exchange.response();
  if (http::to_status_class(response.result()) == http::status_class::successful)
    return std::move(response.body());
  return fail(category_of(response.result()), call.operation, call.object, sentence_of(response));
}

std::string label_of(const json::object& spec) {
  const auto* labels = spec.if_contains("Labels");
  if (labels == nullptr || !labels->is_object()) return "";
  const auto* label = labels->as_object().if_contains(kLabel);
  return label == nullptr || !label->is_string() ? "" : std::string(label->as_string());
}

}  // namespace

Result<std::map<std::string, std::string>> PodmanSocket::secrets() {
  const auto body =
      TRY(ask(socket_, {.operation = "list", .object = "podman's secrets", .target = "/secrets/json"}));
  try {
    std::map<std::string, std::string> result;
    const auto parsed = json::parse(body);
    for (const auto& secret : parsed.as_array()) {
      const auto& spec = secret.at("Spec").as_object();
      result.emplace(spec.at("Name").as_string(), label_of(spec));
    }
    return result;
  } catch (const std::exception& error) {
    return fail(Category::kUnavailable, "list", "podman's secrets",
                std::string("an answer we cannot read: ") + error.what());
  }
}

Result<void> PodmanSocket::set_secret(const std::string& name, const std::string& data,
                                      const std::string& label) {
  const auto labels = json::serialize(json::object{{kLabel, label}});
  TRY(ask(socket_, {.operation = "set",
                    .object = "secret " + name,
                    .verb = http::verb::post,
                    .target = "/secrets/create?name=" + percent_encoded(name) +
                              "&replace=true&labels=" + percent_encoded(labels),
                    .body = data}));
  return {};
}

Result<void> PodmanSocket::remove_secret(const std::string& name) {
  TRY(ask(socket_, {.operation = "remove",
                    .object = "secret " + name,
                    .verb = http::verb::delete_,
                    .target = "/secrets/" + percent_encoded(name)}));
  return {};
}

}  // namespace stratify
