#include "platform/ostree_transfer.hpp"

#include <array>

#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace {

Result<HashTable> objects_of(OstreeRepo* repo, const Sha256& commit) {
  GHashTable* objects = nullptr;
  GlibFailure failure;
  if (!ostree_repo_traverse_commit(repo, commit.hex().c_str(), 0, &objects, nullptr, failure)) {
    return failure.as("list the objects of", commit.hex());
  }
  return HashTable(objects);
}

Result<std::uint64_t> length_of(GInputStream* stream, const char* checksum) {
  std::array<char, 65536> buffer{};
  std::uint64_t total = 0;
  for (;;) {
    GlibFailure failure;
    const auto count = g_input_stream_read(stream, buffer.data(), buffer.size(), nullptr, failure);
    if (count < 0) return failure.as("compress", checksum);
    if (count == 0) return total;
    total += static_cast<std::uint64_t>(count);
  }
}

// A file as a repository of mode archive would store it.
Result<std::uint64_t> compressed_size(OstreeRepo* repo, const char* checksum) {
  Handle<GInputStream> content;
  Handle<GFileInfo> info;
  Variant xattrs;
  Handle<GInputStream> compressed;
  GlibFailure failure;
  if (!ostree_repo_load_file(repo, checksum, out(content), out(info), out(xattrs), nullptr, failure)) {
    return failure.as("load", checksum);
  }
  if (!ostree_raw_file_to_archive_z2_stream(content.get(), info.get(), xattrs.get(), out(compressed), nullptr,
                                            failure)) {
    return failure.as("compress", checksum);
  }
  return length_of(compressed.get(), checksum);
}

Result<std::uint64_t> size_of(OstreeRepo* repo, GVariant* object) {
  const char* checksum = nullptr;
  OstreeObjectType type = OSTREE_OBJECT_TYPE_FILE;
  ostree_object_name_deserialize(object, &checksum, &type);
  if (type == OSTREE_OBJECT_TYPE_FILE) return compressed_size(repo, checksum);
  guint64 size = 0;
  GlibFailure failure;
  if (!ostree_repo_query_object_storage_size(repo, type, checksum, &size, nullptr, failure)) {
    return failure.as("measure", checksum);
  }
  return size;
}

}  // namespace

Result<Transfer> transfer_between(const std::filesystem::path& repository, const std::optional<Sha256>& have,
                                  const Sha256& want) {
  const Handle<GFile> path(g_file_new_for_path(repository.c_str()));
  const Handle<OstreeRepo> repo(ostree_repo_new(path.get()));
  GlibFailure failure;
  if (!ostree_repo_open(repo.get(), nullptr, failure)) return failure.as("open repository", repository);
  const auto wanted = TRY(objects_of(repo.get(), want));
  const auto owned = have ? TRY(objects_of(repo.get(), *have)) : HashTable();
  Transfer transfer;
  GHashTableIter iterator;
  g_hash_table_iter_init(&iterator, wanted.get());
  for (gpointer key = nullptr; g_hash_table_iter_next(&iterator, &key, nullptr);) {
    if (owned && g_hash_table_contains(owned.get(), key)) continue;
    ++transfer.objects;
    transfer.bytes += TRY(size_of(repo.get(), static_cast<GVariant*>(key)));
  }
  return transfer;
}

}  // namespace stratify::ostree
