#include "image/publish/publish.hpp"

#include <algorithm>
#include <chrono>
#include <format>

#include "image/cli/commits.hpp"
#include "image/cli/verb.hpp"
#include "release/publication.hpp"

namespace stratify::image::cli {

namespace po = boost::program_options;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr unsigned kMostDays = 3650;

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// In the order they are given: the first is the one that machines trust longest.
Result<std::vector<SigningKey>> publishing_keys(const Arguments& arguments, ProcessRunner& runner) {
  const auto homes = arguments.output() / "keys";
  std::vector<SigningKey> keys;
  for (const auto& file : arguments.list("key"))
    keys.push_back(TRY(SigningKey::from_file(runner, file, homes / "release")));
  if (keys.empty()) keys.push_back(TRY(SigningKey::development(runner, homes / "development")));
  return keys;
}

Result<std::string> channel_named(const Arguments& arguments) {
  auto channel = *arguments.text("channel");
  if (std::ranges::contains(release::kChannels, channel)) return channel;
  return fail(Category::kInvalidInput, "publish in the channel", channel, "there are only next and stable");
}

Result<unsigned> expiry(const Arguments& arguments) {
  const auto days = *arguments.number("expires-days");
  if (days >= 1 && days <= kMostDays) return days;
  return fail(Category::kInvalidInput, "use", "--expires-days",
              std::format("expected 1 to {} days", kMostDays));
}

Result<std::vector<release::BoundImage>> bound_images(const Arguments& arguments) {
  std::vector<release::BoundImage> images;
  for (const auto& named : arguments.list("image")) {
    const auto at = named.find('@');
    if (at == std::string::npos) {
      return fail(Category::kInvalidInput, "bind the image", named,
                  "expected REFERENCE@sha256:DIGEST; a tag can be moved, a digest cannot");
    }
    images.push_back({.reference = named.substr(0, at), .digest = named.substr(at + 1)});
  }
  return images;
}

struct Wanted {
  fs::path source;
  Sha256 commit;
};

// The name of a published version goes before what was built.
Result<Wanted> find_wanted(const Arguments& arguments, const PublishedFolder& folder) {
  const auto operands = arguments.operands();
  if (operands.size() > 1)
    return fail(Category::kInvalidInput, "", "publish",
                "expected one version; `stratify publish --help` explains");
  if (!operands.empty()) {
    const auto channels = TRY(folder.channels());
    if (const auto* const release = find_release(channels, operands.front()))
      return Wanted{.source = folder.repository_path(), .commit = release->commit};
  }
  const auto repository = TRY(open_repository(arguments));
  const auto named = operands.empty() ? std::nullopt : std::optional(operands.front());
  return Wanted{.source = repository_path(arguments),
                .commit = TRY(find_commit(arguments, repository, named))};
}

Result<PublishOptions> options_of(const Arguments& arguments, Wanted wanted) {
  return PublishOptions{.source = std::move(wanted.source),
                        .commit = std::move(wanted.commit),
                        .channel = TRY(channel_named(arguments)),
                        .now = seconds_now(),
                        .expires_days = TRY(expiry(arguments)),
                        .keep = *arguments.number("keep"),
                        .deltas_from = *arguments.number("deltas-from"),
                        .delta_file = !arguments.flag("no-delta-file"),
                        .rollout_hours = arguments.number("rollout-hours"),
                        .barrier = arguments.flag("barrier"),
                        .notes = arguments.text("notes"),
                        .images = TRY(bound_images(arguments))};
}

std::string day_of(std::int64_t seconds) {
  return std::format("{:%F}", std::chrono::sys_seconds{std::chrono::seconds{seconds}});
}

std::string sizes_of(const release::Release& release) {
  std::string text;
  for (const auto& update : release.updates) {
    text += std::format("  an update from {:.12} fetches {}{}\n", update.from.hex(),
                        amount(update.delta_bytes > 0 ? update.delta_bytes : update.bytes, Unit::kBytes),
                        update.delta_bytes > 0 ? " (static delta)" : "");
  }
  return text;
}

std::string to_text(const Published& published, const fs::path& folder) {
  const auto& newest = published.channel.newest();
  return std::format("{} {} in {}, {}\n  commit {}\n{}  the list expires {}: publish again before\n",
                     newest.version, published.renewed ? "listed anew" : "published", published.channel.name,
                     folder.string(), newest.commit.hex(), sizes_of(newest),
                     day_of(published.channel.expires));
}

json::object to_json(const Published& published) {
  const auto& newest = published.channel.newest();
  json::array updates;
  for (const auto& update : newest.updates) {
    updates.push_back(
        {{"from", update.from.hex()}, {"bytes", update.bytes}, {"delta_bytes", update.delta_bytes}});
  }
  return {{"channel", published.channel.name},
          {"version", newest.version},
          {"commit", newest.commit.hex()},
          {"number", newest.number},
          {"serial", published.channel.serial},
          {"expires", published.channel.expires},
          {"renewed", published.renewed},
          {"bytes", newest.bytes},
          {"updates", updates},
          {"delta_file", newest.delta_file ? newest.delta_file->name : ""},
          {"freed_bytes", published.freed_bytes}};
}

Result<void> run_publish(const Arguments& arguments) {
  RealProcessRunner runner;
  TRY(channel_named(arguments));
  const auto to = published_folder(arguments, "to");
  const auto folder = TRY(PublishedFolder::open(to, TRY(publishing_keys(arguments, runner))));
  const auto options = TRY(options_of(arguments, TRY(find_wanted(arguments, folder))));
  const auto published = TRY(publish(runner, folder, options, arguments.progress()));
  arguments.result(to_text(published, to), to_json(published));
  return {};
}

void add_terms(po::options_description& options) {
  auto add = options.add_options();
  add("barrier", po::bool_switch(),
      "let no machine go past this release without having run it; kept for ever");
  add("rollout-hours", po::value<unsigned>()->value_name("N"),
      "reach evenly more machines over N hours; default: all at once");
  add("expires-days", po::value<unsigned>()->value_name("N")->default_value(30),
      "machines believe the list for N days");
  add("notes", po::value<std::string>()->value_name("TEXT"), "what is new, for the owners of machines");
  add("image", po::value<std::vector<std::string>>()->value_name("REFERENCE@DIGEST"),
      "a service image outside of the commit that machines pull first; its registry is asked for it; may be "
      "repeated");
  add("keep", po::value<unsigned>()->value_name("N")->default_value(5),
      "keep the newest N releases of the channel, and every barrier");
  add("deltas-from", po::value<unsigned>()->value_name("N")->default_value(3),
      "make a static delta from each of the N releases before");
  add("no-delta-file", po::bool_switch(), "make no file for USB; it takes minutes of compressing");
}

}  // namespace

Verb publish_verb() {
  Verb verb{
      .name = "publish",
      .summary = "put a version where machines find it as an update",
      .operands = "[VERSION]",
      .description =
          "Copies VERSION (the name of a version that is published already, a ref, a commit's checksum or an "
          "image file; default: what was built last) into a folder that any web server or bucket can hand "
          "out, "
          "and lists it as the newest release of a channel. The folder holds an OSTree repository with "
          "static "
          "deltas, one file with everything for each release, for USB, and a signed list for each "
          "channel.\n\n"
          "Only a version that is signed by the same key, and undamaged, is published, and only one higher "
          "than "
          "all in the channel. A version of next published in stable is the same release there. The newest "
          "version of a channel published again gives its list new dates, and the terms that are given: do "
          "so, "
          "by a timer, before the list expires, or machines stop believing it.\n\n"
          "A service image that is not inside the version is bound to it by --image, with the digest that "
          "its "
          "push printed. Machines pull it from its registry, without logging in, before they stage the "
          "version; "
          "so the registry is asked first whether it is there and how large it is. It has to stay there as "
          "long "
          "as the release is listed.\n\n"
          "Copy the folder to a server in this order: repo/, the .delta files, channels/; then delete what "
          "is "
          "gone.\n\n"
          "To change the key: publish a --barrier that trusts the new one too, signed by the old one, then "
          "everything "
          "with both: --key OLD --key NEW. Machines that have not run the barrier believe the old one alone: "
          "leave it "
          "out when there are none any more.",
      .examples = {{"stratify publish", "offers what was built last to the machines that follow next"},
                   {"stratify publish 0.2.0 --channel stable --rollout-hours 48",
                    "offers to all others what was tried in next, over two days"},
                   {"stratify publish 0.2.0 --channel stable --key out/release.key",
                    "the same again: only renews the list"},
                   {"stratify publish --image registry.example.org/office@sha256:<digest>",
                    "machines pull this image first"}},
      .files = {{"out/publish/repo/", "the OSTree repository"},
                {"out/publish/openhaven-<version>-<arch>.delta", "a release in one file"},
                {"out/publish/channels/<channel>.json", "the list of a channel and its signatures"},
                {"out/keys/development", "the development key, used unless --key is given"}},
      .run = run_publish};
  auto add = verb.options.add_options();
  add("channel", po::value<std::string>()->value_name("NAME")->default_value("next"), "next or stable");
  add("to", po::value<std::string>()->value_name("DIR"), "the folder; default: publish in the output folder");
  add("key", po::value<std::vector<std::string>>()->value_name("FILE"),
      "sign with the secret OpenPGP key in FILE instead of the development key; may be repeated, the oldest "
      "first");
  add_terms(verb.options);
  return verb;
}

}  // namespace stratify::image::cli
