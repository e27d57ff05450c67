#include "image/publish/publish.hpp"

#include <algorithm>
#include <format>

#include "image/publish/measure.hpp"
#include "image/publish/registry.hpp"
#include "platform/ostree_publish.hpp"
#include "release/publication.hpp"

namespace stratify::image {

namespace {

constexpr std::int64_t kDay = 86400;

class Publication {
 public:
  Publication(ProcessRunner& runner, const PublishedFolder& folder, const PublishOptions& options,
              Progress& progress)
      : runner_(runner), folder_(folder), options_(options), progress_(progress) {}

  Result<Published> run() {
    channels_ = TRY(folder_.channels());
    auto release = TRY(first_look());
    auto channel = TRY(listed_with(release));  // before the work, which takes minutes
    const bool renewed = before() != nullptr && before()->newest().commit == release.commit;
    if (find_release(channels_, release.commit) == nullptr) TRY(take(release));
    TRY(sign(release.commit));
    if (!renewed) TRY(make_deltas(release));
    if (options_.delta_file && !release.delta_file) TRY(make_file(release));
    channel = TRY(listed_with(release));
    return Published{.channel = channel, .renewed = renewed, .freed_bytes = TRY(put_in_place(channel))};
  }

 private:
  [[nodiscard]] const release::Channel* before() const {
    const auto found = std::ranges::find(channels_, options_.channel, &release::Channel::name);
    return found == channels_.end() ? nullptr : &*found;
  }

  // The release as it will be listed, but for what is measured.
  [[nodiscard]] Result<release::Release> first_look() const {
    auto release = TRY(known_or_new());
    const bool is_newest = before() != nullptr && before()->newest().commit == release.commit;
    if (!is_newest) {
      release.published = options_.now;
      release.rollout = {.start = options_.now};
    }
    if (options_.rollout_hours) release.rollout.hours = *options_.rollout_hours;
    if (options_.barrier) release.barrier = true;
    if (options_.notes) release.notes = *options_.notes;
    if (!options_.images.empty()) release.images = TRY(bound_images(release));
    return release;
  }

  // Not what machines could not pull.
  [[nodiscard]] Result<std::vector<release::BoundImage>> bound_images(const release::Release& release) const {
    auto images = options_.images;
    for (auto& image : images) image.bytes = TRY(bytes_in_registry(runner_, image, architecture_of(release)));
    return images;
  }

  [[nodiscard]] Result<release::Release> known_or_new() const {
    if (const auto* const known = find_release(channels_, options_.commit)) return *known;
    const auto source = TRY(ostree::Repository::open(options_.source));
    auto release = TRY(describe_release(source, options_.commit));
    release.number = release::next_number(channels_, options_.now);
    const auto* const namesake = find_release(channels_, release.version);
    if (namesake == nullptr) return release;
    return fail(Category::kInvalidInput, "publish", release.version,
                "another commit was published under this version: " + namesake->commit.hex() +
                    "; raise the version and build again");
  }

  [[nodiscard]] Result<release::Channel> listed_with(const release::Release& release) const {
    const auto* const channel = before();
    return release::publish_in(channel != nullptr ? std::optional(*channel) : std::nullopt, release,
                               {.channel = options_.channel,
                                .now = options_.now,
                                .expires = options_.now + options_.expires_days * kDay,
                                .keep = options_.keep});
  }

  // Verified copy of the commit, and the file for machines without a network.
  Result<void> take(release::Release& release) {
    const auto signer = TRY(folder_.verify_commit(options_.source, release.commit));
    auto copying = progress_.step("copy");
    copying.doing("what is signed by " + signer);
    TRY(ostree::copy_commit(options_.source, folder_.repository_path(), release.commit));
    TRY(weigh(folder_.repository(), release));
    copying.done(std::format("{} in {} objects", amount(release.bytes, Unit::kBytes), release.objects));
    return {};
  }

  // By every key, so that machines on both sides of a rotation accept it.
  [[nodiscard]] Result<void> sign(const Sha256& commit) const {
    for (const auto& key : folder_.keys()) TRY(key.sign_commit(folder_.repository_path(), commit));
    return {};
  }

  Result<void> make_deltas(release::Release& release) {
    auto step = progress_.step("deltas");
    release.updates.clear();
    for (const auto& older : releases_before()) {
      step.doing("from " + older.version);
      release.updates.push_back(TRY(update_from(folder_.repository(), older, release)));
    }
    step.done(std::format("from {} releases", release.updates.size()));
    return {};
  }

  // The newest ones before it, the newest first.
  [[nodiscard]] std::vector<release::Release> releases_before() const {
    if (before() == nullptr) return {};
    auto releases = before()->releases;
    std::ranges::reverse(releases);
    releases.erase(
        releases.begin() + static_cast<std::ptrdiff_t>(std::min(options_.deltas_from, releases.size())),
        releases.end());
    return releases;
  }

  Result<void> make_file(release::Release& release) {
    auto step = progress_.step("file for USB");
    const auto name = std::format("openhaven-{}-{}.delta", release.version, architecture_of(release));
    const auto path = folder_.file(name);
    const auto bytes = TRY(ostree::make_delta_file(folder_.repository_path(), release.commit, path));
    release.delta_file =
        release::DeltaFile{.name = name, .bytes = bytes, .sha256 = TRY(Sha256::of_file(path))};
    step.done(amount(bytes, Unit::kBytes));
    return {};
  }

  // What a reader of the new list asks for is there before the list is; what a reader of the old one asks for
  // goes after it.
  Result<std::uint64_t> put_in_place(const release::Channel& channel) {
    auto step = progress_.step("list");
    const auto& newest = channel.newest();
    TRY(folder_.repository().set_ref(release_ref(newest), newest.commit));
    TRY(SigningKey::write_summary(folder_.repository_path(), folder_.keys()));
    TRY(folder_.write(runner_, channel));
    std::erase_if(channels_, [&](const auto& other) { return other.name == channel.name; });
    channels_.push_back(channel);
    const auto freed = TRY(folder_.tidy(channels_));
    step.done(std::format("{} lists {}", channel.name, channel.releases.size()));
    return freed;
  }

  ProcessRunner& runner_;
  const PublishedFolder& folder_;
  const PublishOptions& options_;
  Progress& progress_;
  std::vector<release::Channel> channels_;
};

}  // namespace

Result<Published> publish(ProcessRunner& runner, const PublishedFolder& folder, const PublishOptions& options,
                          Progress& progress) {
  return Publication(runner, folder, options, progress).run();
}

}  // namespace stratify::image
