#include "image/publish/measure.hpp"

#include "platform/ostree_publish.hpp"
#include "platform/sysroot.hpp"

namespace stratify::image {

namespace {

using Metadata = std::map<std::string, ostree::MetadataValue>;

template <class T>
const T* find_value(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : std::get_if<T>(&found->second);
}

// Kernel and initramfs of a version that boots, as libostree copies them to /boot.
Result<std::uint64_t> boot_bytes_of(const ostree::Repository& repository, const Sha256& commit) {
  const auto metadata = TRY(repository.metadata_of(commit));
  const auto* const kernel = find_value<std::string>(metadata, "ostree.linux");
  if (kernel == nullptr || kernel->empty()) return 0;
  std::uint64_t sum = 0;
  for (const auto* const name : {"vmlinuz", "initramfs.img"}) {
    if (const auto file = TRY(repository.find(commit, "/usr/lib/modules/" + *kernel + "/" + name)))
      sum += file->size;
  }
  return sum;
}

}  // namespace

Result<release::Release> describe_release(const ostree::Repository& repository, const Sha256& commit) {
  const auto metadata = TRY(repository.metadata_of(commit));
  const auto* const version = find_value<std::string>(metadata, "version");
  const auto* const refs = find_value<std::vector<std::string>>(metadata, "ostree.ref-binding");
  if (version == nullptr || refs == nullptr || refs->empty()) {
    return fail(Category::kInvalidInput, "publish", commit.hex(),
                "it does not say which version it is; `stratify build` makes versions that do");
  }
  const auto timestamp = TRY(ostree::commit_time(repository.path(), commit));
  return release::Release{.version = *version,
                          .commit = commit,
                          .ref = refs->front(),
                          .timestamp = static_cast<std::int64_t>(timestamp)};
}

std::string architecture_of(const release::Release& release) {
  const auto begin = release.ref.find('/') + 1;  // 0 when there is none
  return release.ref.substr(begin, release.ref.find('/', begin) - begin);
}

Result<void> weigh(const ostree::Repository& repository, release::Release& release) {
  const auto all = TRY(ostree::footprint(repository.path(), std::nullopt, release.commit));
  release.objects = all.objects;
  release.bytes = all.bytes;
  release.installed_bytes = all.installed_bytes;
  release.boot_bytes = TRY(boot_bytes_of(repository, release.commit));
  return {};
}

Result<release::UpdateFrom> update_from(const ostree::Repository& repository, const release::Release& before,
                                        const release::Release& release) {
  const auto& path = repository.path();
  const auto missing = TRY(ostree::footprint(path, before.commit, release.commit));
  auto delta = ostree::delta_bytes(path, before.commit, release.commit);
  if (delta == 0) delta = TRY(ostree::make_delta(path, before.commit, release.commit));
  if (delta >= missing.bytes) {
    TRY(ostree::remove_delta(path, before.commit, release.commit));
    delta = 0;
  }
  return release::UpdateFrom{.from = before.commit,
                             .objects = missing.objects,
                             .bytes = missing.bytes,
                             .delta_bytes = delta,
                             .installed_bytes = missing.installed_bytes};
}

}  // namespace stratify::image
