#include "release/envelope.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <format>

#include "release/channel.hpp"
#include "release/fields.hpp"

namespace stratify::release {

namespace json = boost::json;

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string to_base64(std::string_view data) {
  std::string text(4 * ((data.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(data),
                                     static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// Empty when text is not the base64 (RFC 4648, section 4) of anything. OpenSSL passes over white space and
// counts padding as data, so only text that comes out again is accepted.
std::string from_base64(std::string_view text) {
  std::string data(3 * (text.size() / 4) + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()), bytes_of(text),
                                     static_cast<int>(text.size()));
  const auto padding = static_cast<std::size_t>(std::ranges::count(text.substr(text.size() - 2), '='));
  if (length < 3) return {};
  data.resize(static_cast<std::size_t>(length) - padding);
  return to_base64(data) == text ? data : std::string();
}

constexpr std::size_t kMostBase64 = 4 * (kMostSignature / 3 + 1);

Result<std::string> signature_of(const json::value& value, const std::string& document) {
  if (const auto* text = value.if_string();
      text != nullptr && text->size() >= 4 && text->size() <= kMostBase64) {
    if (auto data = from_base64(*text); !data.empty()) return data;
  }
  return fail(Category::kInvalidInput, "read", document,
              std::format("signatures: expected base64 of at most {} bytes each", kMostSignature));
}

}  // namespace

std::string Envelope::joined_signatures() const {
  std::string all;
  for (const auto& signature : signatures) all += signature;
  return all;
}

std::string pack(const Envelope& envelope) {
  json::array signatures;
  for (const auto& signature : envelope.signatures) signatures.emplace_back(to_base64(signature));
  return json::serialize(json::object{{"signed", envelope.text}, {"signatures", signatures}}) + "\n";
}

Result<Envelope> unpack(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMostEnvelope)
    return fail(Category::kInvalidInput, "read", name,
                std::format("it has more than {} bytes", kMostEnvelope));
  const auto value = TRY(parse_json(bytes, name));
  const auto fields = TRY(Fields::of(value, name));
  Envelope envelope{.text = TRY(fields.text("signed", kMostText)), .signatures = {}};
  const auto* const list = value.get_object().if_contains("signatures");
  if (list == nullptr || !list->is_array() || list->get_array().size() > kMostSignatures)
    return fields.expected("signatures", std::format("a list of at most {}", kMostSignatures));
  for (const auto& item : list->get_array()) envelope.signatures.push_back(TRY(signature_of(item, name)));
  return envelope;
}

}  // namespace stratify::release
