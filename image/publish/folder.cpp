#include "image/publish/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <set>

#include "platform/ostree_publish.hpp"
#include "platform/ostree_signature.hpp"
#include "release/envelope.hpp"
#include "release/publication.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kDeltaFile = ".delta";

std::string channel_ref(const release::Channel& channel) { return channel.newest().ref + "/" + channel.name; }

Result<Descriptor> take_folder(const fs::path& folder) {
  TRY(make_folders(folder / "channels"));
  auto turn = TRY(open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::flock(turn.get(), LOCK_EX | LOCK_NB) == 0) return turn;
  return fail(Category::kConflict, "publish to", folder,
              "another publication is at work there; try again when it is done");
}

// Files of releases that no list names; what else lies in the folder is not ours.
Result<void> remove_old_files(const fs::path& folder, const std::set<std::string>& listed) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    const bool ours = name.starts_with("openhaven-") && name.ends_with(kDeltaFile);
    if (ours && !listed.contains(name)) TRY(remove_tree(entry.path()));
  }
  return {};
}

}  // namespace

Result<PublishedFolder> PublishedFolder::open(const fs::path& folder, std::vector<SigningKey> keys) {
  auto turn = TRY(take_folder(folder));
  auto trusted = TRY(TemporaryFolder::create(fs::temp_directory_path(), "trusted"));
  std::string public_keys;
  for (const auto& key : keys) public_keys += key.public_key();
  TRY(write_file(trusted.path() / "keys.gpg", public_keys));
  auto repository = TRY(ostree::open_or_create_archive(folder / "repo"));
  return PublishedFolder(folder, std::move(turn), std::move(keys), std::move(repository), std::move(trusted));
}

fs::path PublishedFolder::list(const std::string& channel) const {
  return folder_ / "channels" / (channel + ".json");
}

fs::path PublishedFolder::keyring() const { return trusted_.path() / "keys.gpg"; }

Result<std::optional<release::Channel>> PublishedFolder::load(const std::string& channel) const {
  const auto path = list(channel);
  if (!fs::exists(path)) return std::nullopt;
  const auto envelope = TRY(release::unpack(TRY(read_file(path, release::kMostEnvelope)), path));
  const auto verdict =
      ostree::verify_data(repository_path(), envelope.text, envelope.joined_signatures(), {keyring()});
  if (!verdict) {
    return fail(
        Category::kVerification, "go on from", path,
        "it is not signed by a key you publish with: give the key it was signed with too (--key may be "
        "repeated), or find out who changed it; " +
            verdict.error().message());
  }
  return TRY(release::parse_channel(envelope.text, channel));
}

Result<std::vector<release::Channel>> PublishedFolder::channels() const {
  std::vector<release::Channel> result;
  for (const auto name : release::kChannels) {
    if (auto channel = TRY(load(std::string(name)))) result.push_back(*std::move(channel));
  }
  return result;
}

Result<void> PublishedFolder::write(ProcessRunner& runner, const release::Channel& channel) const {
  release::Envelope envelope{.text = release::to_json(channel), .signatures = {}};
  TRY(release::parse_channel(envelope.text, channel.name));
  for (const auto& key : keys_) envelope.signatures.push_back(TRY(key.sign_data(runner, envelope.text)));
  const auto bytes = release::pack(envelope);
  TRY(release::unpack(bytes, list(channel.name)));
  return write_file_durably(list(channel.name), bytes);
}

Result<std::string> PublishedFolder::verify_commit(const fs::path& repository, const Sha256& commit) const {
  auto verdict = ostree::verify_signature(repository, commit, keyring());
  if (verdict) return verdict;
  return fail(
      Category::kVerification, "publish", commit.hex(),
      "it is not signed by a key you publish with; build it with the same --key. " + verdict.error().cause());
}

Result<std::uint64_t> PublishedFolder::tidy(std::span<const release::Channel> channels) const {
  std::map<std::string, Sha256> wanted;
  std::set<std::string> files;
  for (const auto& channel : channels) {
    wanted.insert_or_assign(channel_ref(channel), channel.newest().commit);
    for (const auto& release : channel.releases) {
      wanted.insert_or_assign(release_ref(release), release.commit);
      if (release.delta_file) files.insert(release.delta_file->name);
    }
  }
  for (const auto& [ref, commit] : wanted) TRY(repository_.set_ref(ref, commit));
  for (const auto& [ref, commit] : TRY(repository_.refs())) {
    if (!wanted.contains(ref)) TRY(repository_.delete_ref(ref));
  }
  TRY(remove_old_files(folder_, files));
  const auto freed = TRY(ostree::prune_published(repository_));
  TRY(SigningKey::write_summary(repository_path(), keys_));
  return freed;
}

const release::Release* find_release(std::span<const release::Channel> channels, const Sha256& commit) {
  for (const auto& channel : channels) {
    if (const auto* const found = channel.find(commit)) return found;
  }
  return nullptr;
}

const release::Release* find_release(std::span<const release::Channel> channels, const std::string& version) {
  for (const auto& channel : channels) {
    const auto found = std::ranges::find(channel.releases, version, &release::Release::version);
    if (found != channel.releases.end()) return &*found;
  }
  return nullptr;
}

std::string release_ref(const release::Release& release) {
  return release.ref + "/releases/" + release.version;
}

}  // namespace stratify::image
