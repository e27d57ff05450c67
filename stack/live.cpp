#include "stack/live.hpp"

#include <boost/json.hpp>

namespace stratify::stack {

namespace json = boost::json;

namespace {

template <class T>
json::array array_of(const std::vector<T>& items, json::object (*to_object)(const T&)) {
  json::array array;
  for (const auto& item : items) array.push_back(to_object(item));
  return array;
}

json::object hint_object(const Hint& hint) { return {{"label", hint.label}, {"value", hint.value}}; }

json::object address_object(const Address& address) {
  return {{"title", address.title},
          {"host", address.host},
          {"url", address.url},
          {"unit", address.unit},
          {"hints", array_of(address.hints, hint_object)}};
}

json::object record_object(const DnsRecord& record) {
  return {{"name", record.name}, {"type", record.type}, {"value", record.value}};
}

json::object name_object(const NameState& name) {
  json::array answers;
  for (const auto& answer : name.answers) answers.emplace_back(answer);
  return {{"name", name.name}, {"ready", name.ready}, {"answers", answers}, {"advice", name.advice}};
}

// Reads what is there and throws at what is not; the two parse functions turn that into an Error.
std::string text_at(const json::value& value, const char* key) {
  return std::string(value.at(key).as_string());
}

template <class T>
std::vector<T> items_at(const json::value& value, const char* key, T (*from)(const json::value&)) {
  std::vector<T> items;
  for (const auto& item : value.at(key).as_array()) items.push_back(from(item));
  return items;
}

Hint hint_from(const json::value& value) { return {text_at(value, "label"), text_at(value, "value")}; }

Address address_from(const json::value& value) {
  return {.title = text_at(value, "title"),
          .host = text_at(value, "host"),
          .url = text_at(value, "url"),
          .unit = text_at(value, "unit"),
          .hints = items_at(value, "hints", hint_from)};
}

DnsRecord record_from(const json::value& value) {
  return {text_at(value, "name"), text_at(value, "type"), text_at(value, "value")};
}

std::string string_from(const json::value& value) { return std::string(value.as_string()); }

NameState name_from(const json::value& value) {
  return {.name = text_at(value, "name"),
          .ready = value.at("ready").as_bool(),
          .answers = items_at(value, "answers", string_from),
          .advice = text_at(value, "advice")};
}

Live live_from(const json::value& value) {
  return {.domain = text_at(value, "domain"),
          .display = text_at(value, "display"),
          .url = text_at(value, "url"),
          .kind = text_at(value, "kind") == "public" ? DomainKind::kPublic : DomainKind::kHome,
          .addresses = items_at(value, "addresses", address_from),
          .records = items_at(value, "records", record_from),
          .authority_url = text_at(value, "authority_url")};
}

DnsState dns_from(const json::value& value) { return {.names = items_at(value, "names", name_from)}; }

template <class T>
Result<T> parse_as(const std::string& text, const char* file, T (*from)(const json::value&)) {
  try {
    return from(json::parse(text));
  } catch (const std::exception& error) {
    return fail(Category::kInvalidInput, "read", file,
                std::string(error.what()) + "; 'systemctl restart haven-stack' writes it anew");
  }
}

}  // namespace

std::string to_json(const Live& live) {
  return json::serialize(json::object{{"domain", live.domain},
                                      {"display", live.display},
                                      {"url", live.url},
                                      {"kind", live.kind == DomainKind::kPublic ? "public" : "home"},
                                      {"addresses", array_of(live.addresses, address_object)},
                                      {"records", array_of(live.records, record_object)},
                                      {"authority_url", live.authority_url}}) +
         "\n";
}

std::string to_json(const DnsState& state) {
  return json::serialize(json::object{{"names", array_of(state.names, name_object)}}) + "\n";
}

Result<Live> parse_live(const std::string& text) { return parse_as(text, kLiveFile, live_from); }
Result<DnsState> parse_dns_state(const std::string& text) { return parse_as(text, kDnsFile, dns_from); }

}  // namespace stratify::stack
