#include "release/fields.hpp"

#include <format>

namespace stratify::release {

namespace json = boost::json;

namespace {

constexpr std::uint64_t kYear10000 = 253'402'300'800;
constexpr std::size_t kDeepest = 8;

}  // namespace

Result<json::value> parse_json(std::string_view text, const std::string& document) {
  boost::system::error_code error;
  auto value = json::parse(text, error, {}, {.max_depth = kDeepest});
  if (error) return fail(Category::kInvalidInput, "read", document, "it is not JSON: " + error.message());
  return value;
}

std::string Fields::path(std::string_view key) const {
  return key_.empty() ? std::string(key) : std::format("{}.{}", key_, key);
}

Unexpected Fields::expected(std::string_view key, const std::string& what) const {
  return fail(Category::kInvalidInput, "read", document_, std::format("{}: expected {}", path(key), what));
}

Result<Fields> Fields::of(const json::value& value, std::string document, std::string key) {
  if (const auto* object = value.if_object()) return Fields(*object, std::move(document), std::move(key));
  return fail(Category::kInvalidInput, "read", std::move(document),
              (key.empty() ? std::string("the document") : key) + ": expected an object");
}

Result<std::string> Fields::text(std::string_view key, std::size_t most) const {
  const auto* member = object_->if_contains(key);
  if (member != nullptr && member->is_string() && member->get_string().size() <= most)
    return std::string(member->get_string());
  return expected(key, std::format("a text of at most {} bytes", most));
}

Result<std::uint64_t> Fields::number(std::string_view key, std::uint64_t most) const {
  if (const auto* member = object_->if_contains(key); member != nullptr && member->is_number()) {
    boost::system::error_code inexact;
    const auto number = member->to_number<std::uint64_t>(inexact);
    if (!inexact && number <= most) return number;
  }
  return expected(key, std::format("a whole number from 0 to {}", most));
}

Result<std::int64_t> Fields::time(std::string_view key) const {
  const auto seconds = number(key, kYear10000 - 1);
  if (!seconds) return expected(key, "a time in seconds since 1970");
  return static_cast<std::int64_t>(*seconds);
}

Result<bool> Fields::flag(std::string_view key) const {
  const auto* member = object_->if_contains(key);
  if (member != nullptr && member->is_bool()) return member->get_bool();
  return expected(key, "true or false");
}

Result<Sha256> Fields::checksum(std::string_view key) const {
  const auto* member = object_->if_contains(key);
  if (member != nullptr && member->is_string()) {
    if (auto sum = Sha256::parse(member->get_string())) return sum;
  }
  return expected(key, "a SHA-256 of 64 lower-case hexadecimal digits");
}

Result<Fields> Fields::object(std::string_view key) const {
  const auto* member = object_->if_contains(key);
  if (member == nullptr) return expected(key, "an object");
  return of(*member, document_, path(key));
}

Result<std::vector<Fields>> Fields::objects(std::string_view key, std::size_t most) const {
  const auto* member = object_->if_contains(key);
  if (member == nullptr || !member->is_array() || member->get_array().size() > most)
    return expected(key, std::format("a list of at most {} objects", most));
  std::vector<Fields> result;
  for (const auto& item : member->get_array())
    result.push_back(TRY(of(item, document_, std::format("{}[{}]", path(key), result.size()))));
  return result;
}

}  // namespace stratify::release
