#include "release/envelope.hpp"

#include <format>

#include "platform/base64.hpp"
#include "release/channel.hpp"
#include "release/fields.hpp"

namespace stratify::release {

namespace json = boost::json;

namespace {

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
