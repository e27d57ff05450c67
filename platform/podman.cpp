#include "platform/podman.hpp"

#include <chrono>
#include <string_view>

#include <boost/json.hpp>

#include "platform/http.hpp"

namespace stratify {

namespace {

namespace json = boost::json;

constexpr const char* kVersion = "/v5.0.0/libpod";
constexpr const char* kLabel = "openhaven";
// An emulated machine starts podman's service slowly.
constexpr HttpLimits kLimits{.time = std::chrono::seconds(60), .body = 8U << 20U};

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

// {"cause": ..., "message": ..., "response": 500} as podman sends it.
std::string sentence_of(const HttpAnswer& answer) {
  boost::system::error_code error;
  const auto parsed = json::parse(answer.body, error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* message = object == nullptr ? nullptr : object->if_contains("message");
  if (message != nullptr && message->is_string()) return std::string(message->as_string());
  return "it answered " + std::to_string(answer.status);
}

Category category_of(unsigned status) {
  constexpr unsigned kNoSuchThing = 404;
  constexpr unsigned kTaken = 409;
  if (status == kNoSuchThing) return Category::kNotFound;
  return status == kTaken ? Category::kConflict : Category::kCommandFailed;
}

struct Call {
  std::string operation;  // for errors
  std::string object;
  std::string method = "GET";
  std::string target;  // below the version
  std::string body;
};

Result<std::string> call_podman(const std::filesystem::path& socket, const Call& call) {
  auto answer =
      ask(UnixSocket{socket},
          {.method = call.method, .target = kVersion + call.target, .host = "podman", .body = call.body},
          kLimits);
  if (!answer) {
    return fail(answer.error().category(), call.operation, call.object,
                "podman at " + socket.string() + ": " + answer.error().cause() +
                    "; see 'systemctl status podman.socket podman.service'");
  }
  constexpr unsigned kSuccess = 2;  // RFC 9110, section 15
  if (answer->status / 100 == kSuccess) return std::move(answer->body);
  return fail(category_of(answer->status), call.operation, call.object, sentence_of(*answer));
}

std::string label_of(const json::object& spec) {
  const auto* labels = spec.if_contains("Labels");
  if (labels == nullptr || !labels->is_object()) return "";
  const auto* label = labels->as_object().if_contains(kLabel);
  return label == nullptr || !label->is_string() ? "" : std::string(label->as_string());
}

}  // namespace

Result<std::map<std::string, std::string>> PodmanSocket::secrets() {
  const auto body = TRY(
      call_podman(socket_, {.operation = "list", .object = "podman's secrets", .target = "/secrets/json"}));
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
  TRY(call_podman(socket_, {.operation = "set",
                            .object = "secret " + name,
                            .method = "POST",
                            .target = "/secrets/create?name=" + percent_encoded(name) +
                                      "&replace=true&labels=" + percent_encoded(labels),
                            .body = data}));
  return {};
}

Result<void> PodmanSocket::remove_secret(const std::string& name) {
  TRY(call_podman(socket_, {.operation = "remove",
                            .object = "secret " + name,
                            .method = "DELETE",
                            .target = "/secrets/" + percent_encoded(name)}));
  return {};
}

Result<bool> PodmanSocket::is_healthy(const std::string& container) {
  const auto body =
      TRY(call_podman(socket_, {.operation = "check the health of",
                                .object = container,
                                .target = "/containers/" + percent_encoded(container) + "/healthcheck"}));
  boost::system::error_code error;
  const auto parsed = json::parse(body, error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* status = object == nullptr ? nullptr : object->if_contains("Status");
  if (status == nullptr || !status->is_string())
    return fail(Category::kUnavailable, "check the health of", container, "an answer we cannot read");
  return status->as_string() == "healthy";
}

}  // namespace stratify
