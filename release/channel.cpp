#include "release/channel.hpp"

#include <algorithm>
#include <format>
#include <set>

#include "release/fields.hpp"

namespace stratify::release {

namespace json = boost::json;

namespace {

constexpr std::uint64_t kFormat = 1;  // raised when a list can no longer be read by the rules of before
constexpr std::size_t kMostOfList = 256;
constexpr std::size_t kMostName = 255;
constexpr std::size_t kMostNotes = 8192;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-";

// Names become parts of paths and of what is printed.
bool is_name(std::string_view text, std::string_view more = {}) {
  return !text.empty() && !text.starts_with('.') && !text.contains("..") &&
         std::ranges::all_of(text, [&](char c) { return kNameCharacters.contains(c) || more.contains(c); });
}

Result<std::string> name_at(const Fields& fields, std::string_view key, std::string_view more = {}) {
  auto name = fields.text(key, kMostName);
  if (name && is_name(*name, more)) return name;
  return fields.expected(
      key, std::format("a name of letters, digits and ._+~-{}, at most {} long", more, kMostName));
}

Result<Rollout> rollout_of(const Fields& fields) {
  return Rollout{.start = TRY(fields.time("start")),
                 .hours = static_cast<std::uint32_t>(TRY(fields.number("hours", kMostHours)))};
}

Result<BoundImage> image_of(const Fields& fields) {
  auto reference = TRY(name_at(fields, "reference", ":/@"));
  const auto digest = fields.text("digest", kMostName);
  constexpr std::string_view kAlgorithm = "sha256:";
  if (!digest || !digest->starts_with(kAlgorithm) || !Sha256::parse(digest->substr(kAlgorithm.size())))
    return fields.expected("digest", "sha256: and 64 lower-case hexadecimal digits");
  // Lists of before the size was asked for are without it.
  const auto bytes = fields.has("bytes") ? TRY(fields.number("bytes")) : 0;
  return BoundImage{.reference = std::move(reference), .digest = *digest, .bytes = bytes};
}

Result<UpdateFrom> update_of(const Fields& fields) {
  return UpdateFrom{.from = TRY(fields.checksum("from")),
                    .objects = TRY(fields.number("objects")),
                    .bytes = TRY(fields.number("bytes")),
                    .delta_bytes = TRY(fields.number("delta_bytes")),
                    .installed_bytes = TRY(fields.number("installed_bytes"))};
}

Result<DeltaFile> delta_file_of(const Fields& fields) {
  return DeltaFile{.name = TRY(name_at(fields, "name")),
                   .bytes = TRY(fields.number("bytes")),
                   .sha256 = TRY(fields.checksum("sha256"))};
}

template <class T>
Result<std::vector<T>> list_of(const Fields& fields, std::string_view key, Result<T> (*read)(const Fields&)) {
  std::vector<T> result;
  for (const auto& item : TRY(fields.objects(key, kMostOfList))) result.push_back(TRY(read(item)));
  return result;
}

Result<Release> release_of(const Fields& fields) {
  Release release{.version = TRY(name_at(fields, "version")),
                  .number = TRY(fields.number("number")),
                  .commit = TRY(fields.checksum("commit")),
                  .ref = TRY(name_at(fields, "ref", "/")),
                  .timestamp = TRY(fields.time("timestamp")),
                  .published = TRY(fields.time("published")),
                  .objects = TRY(fields.number("objects")),
                  .bytes = TRY(fields.number("bytes")),
                  .installed_bytes = TRY(fields.number("installed_bytes")),
                  .boot_bytes = TRY(fields.number("boot_bytes")),
                  .barrier = TRY(fields.flag("barrier")),
                  .rollout = TRY(rollout_of(TRY(fields.object("rollout")))),
                  .images = TRY(list_of(fields, "images", image_of)),
                  .updates = TRY(list_of(fields, "updates", update_of)),
                  .notes = TRY(fields.text("notes", kMostNotes)),
                  .delta_file = std::nullopt};
  if (fields.has("delta_file")) release.delta_file = TRY(delta_file_of(TRY(fields.object("delta_file"))));
  return release;
}

Result<std::vector<Release>> releases_of(const Fields& fields) {
  std::vector<Release> releases;
  std::set<Sha256> commits;
  for (const auto& item : TRY(fields.objects("releases", kMostReleases))) {
    auto release = TRY(release_of(item));
    if (!commits.insert(release.commit).second) return item.expected("commit", "one that is listed once");
    if (!releases.empty() && release.number <= releases.back().number)
      return item.expected("number", "more than that of the release before it");
    if (!releases.empty() && release.timestamp <= releases.back().timestamp)
      return item.expected("timestamp", "a later time than that of the release before it");
    releases.push_back(std::move(release));
  }
  if (releases.empty()) return fields.expected("releases", "at least one");
  return releases;
}

// With one member a line; empty ones on the line of their key.
void print(std::string& text, const json::value& value, std::size_t depth) {
  const auto lines = [&](const auto& members, char open, char close, const auto& print_member) {
    text += open;
    for (const auto& member : members) {
      text += &member == &*members.begin() ? "\n" : ",\n";
      text.append(2 * (depth + 1), ' ');
      print_member(member);
    }
    if (!members.empty()) text.append(1, '\n').append(2 * depth, ' ');
    text += close;
  };
  if (const auto* object = value.if_object()) {
    lines(*object, '{', '}', [&](const auto& member) {
      text += json::serialize(json::string(member.key())) + ": ";
      print(text, member.value(), depth + 1);
    });
  } else if (const auto* array = value.if_array()) {
    lines(*array, '[', ']', [&](const json::value& item) { print(text, item, depth + 1); });
  } else {
    text += json::serialize(value);
  }
}

json::object object_of(const BoundImage& image) {
  return {{"reference", image.reference}, {"digest", image.digest}, {"bytes", image.bytes}};
}

json::object object_of(const UpdateFrom& update) {
  return {{"from", update.from.hex()},
          {"objects", update.objects},
          {"bytes", update.bytes},
          {"delta_bytes", update.delta_bytes},
          {"installed_bytes", update.installed_bytes}};
}

json::object object_of(const Release& release);

template <class T>
json::array array_of(const std::vector<T>& items) {
  json::array array;
  for (const auto& item : items) array.push_back(object_of(item));
  return array;
}

json::object object_of(const Release& release) {
  json::object object{{"version", release.version},
                      {"number", release.number},
                      {"commit", release.commit.hex()},
                      {"ref", release.ref},
                      {"timestamp", release.timestamp},
                      {"published", release.published},
                      {"objects", release.objects},
                      {"bytes", release.bytes},
                      {"installed_bytes", release.installed_bytes},
                      {"boot_bytes", release.boot_bytes},
                      {"barrier", release.barrier},
                      {"rollout", {{"start", release.rollout.start}, {"hours", release.rollout.hours}}},
                      {"images", array_of(release.images)},
                      {"updates", array_of(release.updates)},
                      {"notes", release.notes}};
  if (const auto& file = release.delta_file) {
    object["delta_file"] = {{"name", file->name}, {"bytes", file->bytes}, {"sha256", file->sha256.hex()}};
  }
  return object;
}

}  // namespace

const Release* Channel::find(const Sha256& commit) const {
  const auto found = std::ranges::find(releases, commit, &Release::commit);
  return found == releases.end() ? nullptr : &*found;
}

Result<Channel> parse_channel(std::string_view text, const std::string& name) {
  const auto document = "channel " + name;
  if (text.size() > kMostText)
    return fail(Category::kInvalidInput, "read", document,
                std::format("it has more than {} bytes", kMostText));
  const auto value = TRY(parse_json(text, document));
  const auto fields = TRY(Fields::of(value, document));
  if (TRY(fields.number("format")) != kFormat)
    return fields.expected("format", std::format("{}; a newer version of OpenHaven reads others", kFormat));
  if (TRY(fields.text("channel", kMostName)) != name) return fields.expected("channel", name);
  Channel channel{.name = name,
                  .serial = TRY(fields.number("serial")),
                  .issued = TRY(fields.time("issued")),
                  .expires = TRY(fields.time("expires")),
                  .releases = TRY(releases_of(fields))};
  if (channel.expires <= channel.issued) return fields.expected("expires", "a later time than issued");
  return channel;
}

std::string to_json(const Channel& channel) {
  std::string text;
  print(text,
        json::object{{"format", kFormat},
                     {"channel", channel.name},
                     {"serial", channel.serial},
                     {"issued", channel.issued},
                     {"expires", channel.expires},
                     {"releases", array_of(channel.releases)}},
        0);
  return text + "\n";
}

}  // namespace stratify::release
