#include "platform/ostree_publish.hpp"

#include <fcntl.h>

#include <array>
#include <system_error>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kBlock = 4096;
constexpr unsigned kReadByAll = 0644;
// bsdiff needs seventeen times a file's size in memory; beyond this the file is stored whole.
constexpr std::uint32_t kMostBsdiffMegabytes = 32;

// A dictionary of options, as libostree takes them.
class Options {
 public:
  Options() { g_variant_builder_init(&builder_, G_VARIANT_TYPE_VARDICT); }
  Options& add(const char* key, GVariant* value) {
    g_variant_builder_add(&builder_, "{sv}", key, value);
    return *this;
  }
  Variant finish() { return Variant(g_variant_ref_sink(g_variant_builder_end(&builder_))); }

 private:
  GVariantBuilder builder_{};
};

Result<HashTable> reachable_from(OstreeRepo* repo, const Sha256& commit) {
  GHashTable* objects = nullptr;
  GlibFailure failure;
  if (!ostree_repo_traverse_commit(repo, commit.hex().c_str(), 0, &objects, nullptr, failure))
    return failure.as("list the objects of", commit.hex());
  return HashTable(objects);
}

std::uint64_t in_blocks(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// Of a file the header is read, not the content.
Result<std::uint64_t> uncompressed_size(OstreeRepo* repo, const char* checksum) {
  Handle<GFileInfo> info;
  GlibFailure failure;
  if (!ostree_repo_load_file(repo, checksum, nullptr, out(info), nullptr, nullptr, failure))
    return failure.as("measure", checksum);
  return static_cast<std::uint64_t>(g_file_info_get_size(info.get()));
}

Result<void> add_object(OstreeRepo* repo, GVariant* object, Footprint& sum) {
  const char* checksum = nullptr;
  OstreeObjectType type = OSTREE_OBJECT_TYPE_FILE;
  ostree_object_name_deserialize(object, &checksum, &type);
  guint64 stored = 0;
  GlibFailure failure;
  if (!ostree_repo_query_object_storage_size(repo, type, checksum, &stored, nullptr, failure))
    return failure.as("measure", checksum);
  ++sum.objects;
  sum.bytes += stored;
  sum.installed_bytes +=
      in_blocks(type == OSTREE_OBJECT_TYPE_FILE ? TRY(uncompressed_size(repo, checksum)) : stored);
  return {};
}

// "deltas/Ab/Cd...-Ef...": libostree names a delta by the two checksums in base64 with "_" for "/", without
// padding, the first two characters as a folder (ostree_repo_list_static_delta_names gives them in hex).
std::string short_name(const Sha256& commit) {
  std::array<char, OSTREE_SHA256_DIGEST_LEN * 2> text{};
  std::array<guchar, OSTREE_SHA256_DIGEST_LEN> bytes{};
  ostree_checksum_inplace_to_bytes(commit.hex().c_str(), bytes.data());
  ostree_checksum_b64_inplace_from_bytes(bytes.data(), text.data());
  return text.data();
}

fs::path delta_folder(const fs::path& repository, const Sha256& from, const Sha256& to) {
  const auto name = short_name(from) + "-" + short_name(to);
  return repository / "deltas" / name.substr(0, 2) / name.substr(2);
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) sum += file.file_size(error);
  return sum;
}

// Everything inside: machines without a network have nowhere to fetch the rest from, and what a delta leaves
// out would not be counted in its size.
Options delta_parameters() {
  Options options;
  options.add("min-fallback-size", g_variant_new_uint32(0))
      .add("max-bsdiff-size", g_variant_new_uint32(kMostBsdiffMegabytes));
  return options;
}

Result<void> generate(const fs::path& repository, const std::optional<Sha256>& from, const Sha256& to,
                      GVariant* parameters) {
  const auto repo = TRY(open_repo(repository));
  GlibFailure failure;
  if (!ostree_repo_static_delta_generate(repo.get(), OSTREE_STATIC_DELTA_GENERATE_OPT_MAJOR,
                                         from ? from->hex().c_str() : nullptr, to.hex().c_str(), nullptr,
                                         parameters, nullptr, failure)) {
    return failure.as("make a static delta to", to.hex());
  }
  return {};
}

}  // namespace

Result<Repository> open_or_create_archive(const fs::path& path) {
  TRY(make_folders(path));
  GlibFailure failure;
  const Handle<OstreeRepo> repo(
      ostree_repo_create_at(AT_FDCWD, path.c_str(), OSTREE_REPO_MODE_ARCHIVE, nullptr, nullptr, failure));
  if (!repo) return failure.as("create repository", path);
  if (ostree_repo_get_mode(repo.get()) != OSTREE_REPO_MODE_ARCHIVE) {
    return fail(Category::kInvalidInput, "publish to", path,
                "the repository there is not one for web servers; choose another folder");
  }
  return Repository::open(path);
}

Result<void> copy_commit(const fs::path& from, const fs::path& to, const Sha256& commit) {
  const auto repo = TRY(open_repo(to));
  const auto source = "file://" + fs::absolute(from).string();
  const char* const refs[] = {commit.hex().c_str(), nullptr};
  // Without this flag libostree takes over what lies on the same machine as it is.
  const auto options = Options()
                           .add("refs", g_variant_new_strv(refs, 1))
                           .add("depth", g_variant_new_int32(0))
                           .add("flags", g_variant_new_int32(OSTREE_REPO_PULL_FLAGS_UNTRUSTED))
                           .finish();
  GlibFailure failure;
  if (!ostree_repo_pull_with_options(repo.get(), source.c_str(), options.get(), nullptr, nullptr, failure))
    return failure.as("copy to " + to.string(), commit.hex());
  return {};
}

Result<Footprint> footprint(const fs::path& repository, const std::optional<Sha256>& have,
                            const Sha256& want) {
  const auto repo = TRY(open_repo(repository));
  const auto wanted = TRY(reachable_from(repo.get(), want));
  const auto owned = have ? TRY(reachable_from(repo.get(), *have)) : HashTable();
  Footprint sum;
  GHashTableIter iterator;
  g_hash_table_iter_init(&iterator, wanted.get());
  for (gpointer key = nullptr; g_hash_table_iter_next(&iterator, &key, nullptr);) {
    if (!owned || !g_hash_table_contains(owned.get(), key))
      TRY(add_object(repo.get(), static_cast<GVariant*>(key), sum));
  }
  return sum;
}

Result<std::uint64_t> make_delta(const fs::path& repository, const Sha256& from, const Sha256& to) {
  TRY(generate(repository, from, to, delta_parameters().finish().get()));
  return delta_bytes(repository, from, to);
}

Result<std::uint64_t> make_delta_file(const fs::path& repository, const Sha256& to, const fs::path& file) {
  const auto folder = fs::absolute(file).parent_path();
  const auto work = TRY(TemporaryFolder::create(folder, ".delta"));
  const auto part = work.path() / "delta";
  auto parameters = delta_parameters();
  parameters.add("inline-parts", g_variant_new_boolean(TRUE))
      .add("filename", g_variant_new_bytestring(part.c_str()));
  TRY(generate(repository, std::nullopt, to, parameters.finish().get()));
  std::error_code error;
  const auto size = fs::file_size(part, error);
  if (!error) fs::permissions(part, fs::perms{kReadByAll}, error);
  if (!error) fs::rename(part, file, error);
  if (error) return errno_error("write", file, error.value());
  TRY(sync_folder(folder));
  return size;
}

std::uint64_t delta_bytes(const fs::path& repository, const Sha256& from, const Sha256& to) {
  const auto folder = delta_folder(repository, from, to);
  // libostree writes the superblock last; without it a delta is what an interrupted attempt left.
  return fs::exists(folder / "superblock") ? bytes_below(folder) : 0;
}

Result<void> remove_delta(const fs::path& repository, const Sha256& from, const Sha256& to) {
  return remove_tree(delta_folder(repository, from, to));
}

Result<std::uint64_t> prune_published(const Repository& repository) {
  const auto freed = TRY(repository.prune());
  const auto repo = TRY(open_repo(repository.path()));
  GlibFailure failure;
  if (!ostree_repo_prune_static_deltas(repo.get(), nullptr, nullptr, failure))
    return failure.as("remove old deltas of", repository.path());
  return freed;
}

}  // namespace stratify::ostree
