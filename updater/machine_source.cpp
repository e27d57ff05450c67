#include "updater/machine_source.hpp"

#include <algorithm>
#include <format>

#include "platform/document.hpp"
#include "platform/file.hpp"
#include "platform/mounts.hpp"
#include "platform/ostree.hpp"
#include "platform/ostree_delta.hpp"
#include "platform/ostree_pull.hpp"
#include "platform/ostree_signature.hpp"
#include "platform/sysroot.hpp"
#include "release/choice.hpp"
#include "release/envelope.hpp"
#include "updater/bound_images.hpp"
#include "updater/etc_merge.hpp"
#include "updater/room.hpp"

namespace stratify::updater {

namespace fs = std::filesystem;

namespace {

constexpr const char* kTrustedKeys = "usr/share/ostree/trusted.gpg.d";
constexpr const char* kMachineId = "etc/machine-id";

std::string channel_path(const std::string& channel) { return "channels/" + channel + ".json"; }

Result<std::vector<ostree::Deployment>> deployments(const fs::path& root) {
  return TRY(ostree::RunningSysroot::open(root)).deployments();
}

Result<ostree::Deployment> running(const fs::path& root) {
  const auto all = TRY(deployments(root));
  const auto found = std::ranges::find_if(all, &ostree::Deployment::booted);
  if (found == all.end())
    return fail(Category::kNotFound, "find", "the running version",
                "this machine was not started from OSTree");
  return *found;
}

Target target_of(const release::Release& release, const Sha256& running) {
  Target target{.version = release.version,
                .number = release.number,
                .commit = release.commit,
                .ref = release.ref,
                .timestamp = release.timestamp,
                .bytes = release.bytes,
                .installed_bytes = release.installed_bytes,
                .boot_bytes = release.boot_bytes,
                .images = {}};
  for (const auto& update : release.updates) {
    if (update.from != running) continue;
    target.bytes = update.delta_bytes != 0 ? update.delta_bytes : update.bytes;
    target.installed_bytes = update.installed_bytes;
  }
  if (release.delta_file) {
    target.delta_file = release.delta_file->name;
    target.delta_file_sum = release.delta_file->sha256.hex();
  }
  for (const auto& image : release.images)
    target.images.push_back({.name = image.reference + "@" + image.digest, .bytes = image.bytes});
  return target;
}

release::Standing standing_of(const Record& record, const ostree::Deployment& running, bool by_hand) {
  release::Standing standing{.booted_commit = running.commit,
                             .booted_timestamp = static_cast<std::int64_t>(running.timestamp),
                             .floor_number = record.floor_number,
                             .clock_floor = static_cast<std::int64_t>(running.timestamp),
                             .by_hand = by_hand};
  for (const auto& failed : record.failed) standing.bad.insert(failed.commit);
  return standing;
}

std::string in_mebibytes(std::uint64_t bytes) {
  return std::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576.0);
}

}  // namespace

Result<std::string> MachineSource::address() const {
  if (options_.folder) return "file://" + fs::absolute(*options_.folder).string();
  if (!options_.settings.source.empty()) return options_.settings.source;
  return fail(
      Category::kNotFound, "look for", "updates",
      "no source is set; name where releases are published in /etc/openhaven/cloud.yaml (updates: {source: "
      "https://...}), or give a folder: haven update --from FOLDER");
}

std::vector<fs::path> MachineSource::keyrings() const { return {options_.root / kTrustedKeys}; }

Result<release::Channel> MachineSource::read_channel() const {
  const auto& channel = options_.settings.channel;
  const auto where = TRY(address()) + "/" + channel_path(channel);
  const auto envelope =
      TRY(release::unpack(TRY(fetch_document(where, {.bytes = release::kMostEnvelope})), where));
  TRY(ostree::verify_data(repository(), envelope.text, envelope.joined_signatures(), keyrings()));
  return release::parse_channel(envelope.text, channel);
}

Result<Listed> MachineSource::list(const Record& record, bool by_hand) {
  options_.say("asking " + TRY(address()));
  const auto here = TRY(running(options_.root));
  const auto time = static_cast<std::int64_t>(options_.clock());
  if (const auto fault = release::clock_fault(time, static_cast<std::int64_t>(here.timestamp)))
    return fail(Category::kVerification, "look for", "a new version", *fault);
  const auto channel = TRY(read_channel());
  auto standing = standing_of(record, here, by_hand);
  if (const auto seen = record.serials.find(channel.name); seen != record.serials.end())
    standing.floor_serial = seen->second;
  const auto machine = read_file(options_.root / kMachineId, 4096).value_or("");
  standing.wariness = release::wariness_of(machine, channel.newest().version);
  standing.now = time;
  if (const auto pinned = Sha256::parse(record.pinned)) standing.pinned = *pinned;
  const auto choice = release::choose(channel, standing);
  Listed listed{.channel = channel.name, .serial = channel.serial, .target = std::nullopt, .reason = {}};
  if (!choice) {
    listed.reason = choice.error().sentence;
    // A list that may not be believed says nothing of what is under way.
    using enum release::Reason;
    const auto reason = choice.error().reason;
    if (reason == kExpired || reason == kListIsOlder || reason == kClock)
      return fail(Category::kVerification, "believe", channel_path(channel.name), listed.reason);
    return listed;
  }
  listed.target = target_of(*choice, here.commit);
  listed.reason = choice->notes.empty() ? choice->version + " was published" : choice->notes;
  return listed;
}

// The objects and podman's store lie on one file system.
Result<void> MachineSource::look_for_room(const Target& target) {
  const auto images = room_for(TRY(missing_images(images_, target.images)));
  TRY(check_room(repository(), TRY(room_at(repository())), target.installed_bytes + images + kReserve, 0));
  const auto boot = options_.root / "boot";
  return check_room(boot, TRY(room_at(boot)), target.boot_bytes, 16);
}

Result<void> MachineSource::fetch(const Target& target) {
  TRY(look_for_room(target));
  TRY(make_writable(options_.root / "sysroot"));
  const bool from_file =
      options_.folder && !target.delta_file.empty() && fs::exists(*options_.folder / target.delta_file);
  TRY(from_file ? take_from_folder(target) : pull(target));
  // What no ref names, the next cleaning up removes.
  return TRY(ostree::Repository::open(repository())).set_ref(target.ref, target.commit);
}

Result<void> MachineSource::pull(const Target& target) {
  const auto where = TRY(address()) + "/repo";
  const auto total = target.bytes;
  const auto here = TRY(running(options_.root)).commit;
  return ostree::pull(repository(), {.url = where,
                                     .commit = target.commit,
                                     .keyrings = keyrings(),
                                     .whole = !TRY(ostree::has_complete_commit(repository(), here)),
                                     .on_progress = [&](const ostree::PullProgress& at) {
                                       options_.say(std::format("fetching {}: {} of {}", target.version,
                                                                in_mebibytes(at.bytes),
                                                                in_mebibytes(std::max(total, at.bytes))));
                                     }});
}

// The sum before anything is unpacked: what somebody made to fill the disk is not even begun. The medium may
// be changed under us afterwards; then the commit that it leads to is not what the list says.
Result<void> MachineSource::take_from_folder(const Target& target) {
  const auto file = *options_.folder / target.delta_file;
  options_.say("reading " + file.string());
  if (TRY(Sha256::of_file(file)).hex() != target.delta_file_sum) {
    return fail(
        Category::kVerification, "use", file,
        "it is not the file that the list names; it was damaged, changed, or belongs to another list");
  }
  options_.say("unpacking " + target.version);
  return ostree::apply_delta_file(repository(), file, {.commit = target.commit, .keyrings = keyrings()});
}

// By one of the keys that the running version brought.
Result<void> MachineSource::check_signature(const Target& target) const {
  std::optional<Error> refused;
  std::error_code error;
  for (const auto& keyring : fs::directory_iterator(options_.root / kTrustedKeys, error)) {
    const auto signer = ostree::verify_signature(repository(), target.commit, keyring.path());
    if (signer) return {};
    refused = signer.error();
  }
  if (refused) return std::unexpected(*refused);
  return fail(Category::kVerification, "verify", target.version, "this machine has no trusted keys");
}

Result<void> MachineSource::verify(const Target& target) {
  const auto objects = TRY(ostree::Repository::open(repository()));
  TRY(check_signature(target));
  const auto metadata = TRY(objects.metadata_of(target.commit));
  const auto refused = [&](std::string cause) {
    return fail(Category::kVerification, "verify", target.version, std::move(cause));
  };
  const auto version = metadata.find("version");
  const auto* text = version == metadata.end() ? nullptr : std::get_if<std::string>(&version->second);
  if (text == nullptr || *text != target.version)
    return refused("the commit is of another version than the list says");
  const auto binding = metadata.find("ostree.ref-binding");
  const auto* refs =
      binding == metadata.end() ? nullptr : std::get_if<std::vector<std::string>>(&binding->second);
  if (refs == nullptr || !std::ranges::contains(*refs, target.ref))
    return refused("the commit is of another image than the list says");
  if (static_cast<Time>(TRY(ostree::commit_time(repository(), target.commit))) != target.timestamp)
    return refused("the commit has another date than the list says");
  return {};
}

Result<std::vector<std::string>> MachineSource::check_etc(const Target& target) const {
  const auto objects = TRY(ostree::Repository::open(repository()));
  const auto merge =
      TRY(foresee_etc_merge(options_.root / "etc", options_.root / "usr/etc", objects, target.commit));
  if (merge.clashes.empty()) return merge.kept;
  std::string names;
  for (const auto& path : merge.clashes) names += (names.empty() ? "" : ", ") + path;
  return fail(
      Category::kConflict, "merge", names,
      "it is a folder on one side and a file on the other; move yours elsewhere, and the update goes on");
}

Result<std::vector<std::string>> MachineSource::prepare(const Target& target) {
  auto kept = TRY(check_etc(target));
  TRY(pull_missing(images_, target.images, options_.say));
  return kept;
}

Result<std::vector<std::string>> MachineSource::inspect() {
  TRY(make_writable(options_.root / "sysroot"));
  std::vector<Sha256> commits;
  for (const auto& deployment : TRY(deployments(options_.root))) commits.push_back(deployment.commit);
  options_.say("reading every file of the system");
  return TRY(ostree::Repository::open(repository())).discard_damage(commits);
}

Result<void> MachineSource::remove_image(const std::string& name) {
  const auto removed = images_.remove_image(name);
  if (!removed && removed.error().category() == Category::kNotFound) return {};
  return removed;
}

}  // namespace stratify::updater
