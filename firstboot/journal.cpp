#include "firstboot/journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <boost/json.hpp>

namespace stratify::firstboot {

namespace json = boost::json;

namespace {

constexpr std::array<std::pair<Way, std::string_view>, 4> kWays{{{Way::kWeb, "web"},
                                                                 {Way::kConsole, "console"},
                                                                 {Way::kCredential, "credential"},
                                                                 {Way::kCloudInit, "cloud-init"}}};

std::optional<Way> parse_way(std::string_view word) {
  const auto* const found = std::ranges::find(kWays, word, &std::pair<Way, std::string_view>::second);
  if (found == kWays.end()) return std::nullopt;
  return found->first;
}

Unexpected garbled(std::string cause) {
  return fail(Category::kInvalidInput, "read", "the claim's journal", std::move(cause));
}

Result<std::string> text_at(const json::object& object, std::string_view key) {
  const auto* const value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return garbled(std::string(key) + " is missing or no text");
  return std::string(value->get_string());
}

Result<bool> bool_at(const json::object& object, std::string_view key) {
  const auto* const value = object.if_contains(key);
  if (value == nullptr || !value->is_bool())
    return garbled(std::string(key) + " is missing or neither true nor false");
  return value->get_bool();
}

}  // namespace

std::string_view to_string(Way way) {
  return std::ranges::find(kWays, way, &std::pair<Way, std::string_view>::first)->second;
}

std::string to_json(const Record& record) {
  return json::serialize(json::object{{"version", 1},
                                      {"state", to_string(record.state)},
                                      {"domain", record.domain.ascii()},
                                      {"way", to_string(record.way)},
                                      {"password_shown", record.password_shown},
                                      {"session", record.session}}) +
         "\n";
}

Result<Record> from_json(std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_object()) return garbled("it is no JSON object");
  const auto& object = value.get_object();
  const auto* const version = object.if_contains("version");
  if (version == nullptr || *version != json::value(1) || object.size() != 6)
    return garbled("it has another shape");
  const auto state = parse_state(TRY(text_at(object, "state")));
  const auto way = parse_way(TRY(text_at(object, "way")));
  if (!state || !has_owner(*state) || !way) return garbled("it names a state or a way that does not exist");
  return Record{.state = *state,
                .domain = TRY(stack::Domain::parse(TRY(text_at(object, "domain")))),
                .way = *way,
                .password_shown = TRY(bool_at(object, "password_shown")),
                .session = TRY(text_at(object, "session"))};
}

Result<std::optional<Record>> Journal::load() const {
  constexpr std::size_t kLimit = 4096;
  const auto text = read_file(file(), kLimit);
  if (!text && text.error().category() == Category::kNotFound) return std::optional<Record>();
  if (!text) return std::unexpected(text.error());
  return std::optional<Record>(TRY(from_json(*text)));
}

Result<void> Journal::store(const Record& record) const { return writer_(file(), to_json(record), 0600); }

Result<void> Journal::set_aside() const {
  const auto aside = folder_ / "claim.json.unreadable";
  if (std::rename(file().c_str(), aside.c_str()) != 0 && errno != ENOENT)
    return errno_error("set aside", file());
  return sync_folder(folder_);
}

}  // namespace stratify::firstboot
