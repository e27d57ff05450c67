#include "platform/podman.hpp"

#include <chrono>
#include <optional>
#include <string_view>

#include <boost/json.hpp>

#include "platform/http.hpp"

namespace stratify {

namespace {

namespace json = boost::json;

constexpr const char* kVersion = "/v5.0.0/libpod";
constexpr const char* kLabel = "openhaven";
constexpr std::size_t kLongestAnswer = 8U << 20U;
// An emulated machine starts podman's service slowly.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::hours kPatienceForAPull{1};

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

// A text of the object that an answer is; none for an answer of another shape.
std::optional<std::string> text_in(const std::string& answer, std::string_view key) {
  boost::system::error_code error;
  const auto parsed = json::parse(answer, error);
  const auto* object = error ? nullptr : parsed.if_object();
  const auto* text = object == nullptr ? nullptr : object->if_contains(key);
  if (text == nullptr || !text->is_string()) return std::nullopt;
  return std::string(text->as_string());
}

// {"cause": ..., "message": ..., "response": 500} as podman sends it.
std::string sentence_of(const HttpAnswer& answer) {
  return text_in(answer.body, "message").value_or("it answered " + std::to_string(answer.status));
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
  std::chrono::milliseconds time = kPatience;
};

Result<std::string> call_podman(const std::filesystem::path& socket, const Call& call) {
  auto answer =
      ask(UnixSocket{socket},
          {.method = call.method, .target = kVersion + call.target, .host = "podman", .body = call.body},
          {.time = call.time, .body = kLongestAnswer});
  if (!answer) {
    return fail(answer.error().category(), call.operation, call.object,
                "podman at " + socket.string() + ": " + answer.error().cause() +
                    "; see 'systemctl status podman.socket podman.service'");
  }
  constexpr unsigned kSuccess = 2;  // RFC 9110, section 15
  if (answer->status / 100 == kSuccess) return std::move(answer->body);
  return fail(category_of(answer->status), call.operation, call.object, sentence_of(*answer));
}

Result<std::string> digest_of(const std::string& name) {
  const auto at = name.find('@');
  if (at != std::string::npos) return name.substr(at + 1);
  return fail(Category::kInvalidInput, "use", "image " + name, "expected NAME@sha256:DIGEST");
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
  const auto status = text_in(body, "Status");
  if (!status)
    return fail(Category::kUnavailable, "check the health of", container, "an answer we cannot read");
  return *status == "healthy";
}

// An image that came by an index has two digests; podman gives the one it was asked for.
Result<bool> PodmanSocket::has_image(const std::string& name) {
  const auto digest = TRY(digest_of(name));
  const auto found = call_podman(socket_, {.operation = "look for",
                                           .object = "image " + name,
                                           .target = "/images/" + percent_encoded(name) + "/json"});
  if (!found && found.error().category() == Category::kNotFound) return false;
  const auto stored = text_in(TRY(found), "Digest");
  if (!stored) return fail(Category::kUnavailable, "look for", "image " + name, "an answer we cannot read");
  return *stored == digest;
}

Result<void> PodmanSocket::pull_image(const std::string& name) {
  TRY(digest_of(name));
  const auto body = TRY(call_podman(
      socket_, {.operation = "pull",
                .object = "image " + name,
                .method = "POST",
                .target = "/images/pull?policy=missing&quiet=true&reference=" + percent_encoded(name),
                .time = kPatienceForAPull}));
  // The status was sent before the registry was asked.
  if (const auto sentence = text_in(body, "error")) {
    return fail(Category::kUnavailable, "pull", "image " + name,
                *sentence + "; see whether this machine reaches the registry");
  }
  if (TRY(has_image(name))) return {};
  return fail(Category::kVerification, "pull", "image " + name, "what podman stored has another digest");
}

Result<void> PodmanSocket::remove_image(const std::string& name) {
  TRY(digest_of(name));
  TRY(call_podman(socket_, {.operation = "remove",
                            .object = "image " + name,
                            .method = "DELETE",
                            .target = "/images/" + percent_encoded(name)}));
  return {};
}

}  // namespace stratify
