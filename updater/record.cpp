#include "updater/record.hpp"

#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

namespace json = boost::json;

namespace stratify {

// Found by Boost.JSON through the namespace of the type, so they cannot be in an unnamed one.
// NOLINTBEGIN(misc-use-internal-linkage)
void tag_invoke(json::value_from_tag /*tag*/, json::value& value, const Sha256& sum) { value = sum.hex(); }

Sha256 tag_invoke(json::value_to_tag<Sha256> /*tag*/, const json::value& value) {
  const auto sum = Sha256::parse(std::string_view(value.as_string()));
  if (!sum) throw std::invalid_argument("a checksum is 64 hexadecimal digits");
  return *sum;
}

namespace updater {

void tag_invoke(json::value_from_tag /*tag*/, json::value& value, const State& state) {
  value = to_string(state);
}

State tag_invoke(json::value_to_tag<State> /*tag*/, const json::value& value) {
  const auto state = parse_state(std::string_view(value.as_string()));
  if (!state) throw std::invalid_argument("it names a state that does not exist");
  return *state;
}

// NOLINTEND(misc-use-internal-linkage)

BOOST_DESCRIBE_STRUCT(BoundImage, (), (name, bytes))
BOOST_DESCRIBE_STRUCT(Target, (),
                      (version, number, commit, ref, timestamp, bytes, installed_bytes, boot_bytes, images,
                       delta_file, delta_file_sum))
BOOST_DESCRIBE_STRUCT(Installed, (), (deployment, version))
BOOST_DESCRIBE_STRUCT(Failed, (), (commit, version, reason, when))
BOOST_DESCRIBE_STRUCT(Outcome, (), (kind, version, from, reason, failed_data, when))
BOOST_DESCRIBE_STRUCT(WayBack, (), (target, trial, previous, data_set))
BOOST_DESCRIBE_STRUCT(Step, (), (when, from, event, to, reason))
BOOST_DESCRIBE_STRUCT(Record, (),
                      (format, state, reason, target, trial, previous, data_set, restore_data, attempts,
                       starts, ailing, etc_kept, floor_number, serials, failed, pinned, deferred_until,
                       inspected, damaged, outcome, way_back, images, moments, history))

namespace {

namespace describe = boost::describe;

// What another version wrote, as this one would have: members that are not known here are left out, and those
// that were not known there have their defaults. Boost.JSON refuses both.
template <class T>
struct Adapted {
  static json::value from(const json::value& given) {
    if constexpr (describe::has_describe_members<T>::value) {
      auto result = json::value_from(T()).as_object();
      boost::mp11::mp_for_each<describe::describe_members<T, describe::mod_public>>([&](auto member) {
        const auto* found = given.is_object() ? given.as_object().if_contains(member.name) : nullptr;
        using Member = std::remove_reference_t<decltype(std::declval<T&>().*member.pointer)>;
        if (found != nullptr) result[member.name] = Adapted<Member>::from(*found);
      });
      return result;
    } else {
      return given;
    }
  }
};

template <class T>
struct Adapted<std::optional<T>> {
  static json::value from(const json::value& given) {
    return given.is_null() ? given : Adapted<T>::from(given);
  }
};

template <class T>
struct Adapted<std::vector<T>> {
  static json::value from(const json::value& given) {
    if (!given.is_array()) return given;
    json::array result;
    for (const auto& item : given.as_array()) result.push_back(Adapted<T>::from(item));
    return result;
  }
};

}  // namespace

std::string to_json(const Record& record) { return json::serialize(json::value_from(record)) + "\n"; }

Result<Record> parse_record(std::string_view text) {
  const auto garbled = [](std::string cause) {
    return fail(Category::kInvalidInput, "read", "the record of updates", std::move(cause));
  };
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error) return garbled("it is no JSON");
  const auto* members = value.if_object();
  if (members == nullptr || !members->contains("format") || !members->contains("state"))
    return garbled("it has another shape: a format and a state are missing");
  const auto record = json::try_value_to<Record>(Adapted<Record>::from(value));
  if (record.has_error()) return garbled("it has another shape: " + record.error().message());
  if (record->format != 1) return garbled("it was written by another version");
  return *record;
}

Result<void> take(Record& record, Event event, Time now, std::string reason) {
  const auto next = next_state(record.state, event);
  if (!next) {
    return fail(Category::kConflict, "go on with", "the update",
                "it is " + std::string(to_string(record.state)) + ", where \"" +
                    std::string(to_string(event)) + "\" cannot happen");
  }
  record.history.push_back({.when = now,
                            .from = std::string(to_string(record.state)),
                            .event = std::string(to_string(event)),
                            .to = std::string(to_string(*next)),
                            .reason = reason});
  if (record.history.size() > kLongestHistory) record.history.erase(record.history.begin());
  record.state = *next;
  record.reason = std::move(reason);
  return {};
}

}  // namespace updater
}  // namespace stratify
