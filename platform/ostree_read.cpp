// Reading commits: listings, single files, verification and repair.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace {

Result<Attributes> folder_attributes(OstreeRepo* repo, const Sha256& object) {
  const auto dirmeta = TRY(load(repo, OSTREE_OBJECT_TYPE_DIR_META, object));
  guint32 uid = 0;
  guint32 gid = 0;
  guint32 mode = 0;
  GVariant* xattrs = nullptr;
  g_variant_get(dirmeta.get(), "(uuu@a(ayay))", &uid, &gid, &mode, &xattrs);
  const Variant owned(xattrs);
  return Attributes{.uid = GUINT32_FROM_BE(uid),
                    .gid = GUINT32_FROM_BE(gid),
                    .mode = GUINT32_FROM_BE(mode) & kPermissions,
                    .xattrs = from_variant(xattrs)};
}

Result<Entry> describe_file(OstreeRepo* repo, const Sha256& object) {
  Handle<GFileInfo> info;
  Variant xattrs;
  GlibFailure failure;
  if (!ostree_repo_load_file(repo, object.hex().c_str(), nullptr, out(info), out(xattrs), nullptr, failure)) {
    return failure.as("read", object.hex() + ".file");
  }
  Entry entry{.path = {}, .checksum = object};
  entry.attributes = {.uid = g_file_info_get_attribute_uint32(info.get(), "unix::uid"),
                      .gid = g_file_info_get_attribute_uint32(info.get(), "unix::gid"),
                      .mode = g_file_info_get_attribute_uint32(info.get(), "unix::mode") & kPermissions,
                      .xattrs = from_variant(xattrs.get())};
  if (g_file_info_get_file_type(info.get()) == G_FILE_TYPE_SYMBOLIC_LINK) {
    entry.kind = Kind::kSymlink;
    entry.target = g_file_info_get_symlink_target(info.get());
  } else {
    entry.size = static_cast<std::uint64_t>(g_file_info_get_size(info.get()));
  }
  return entry;
}

Result<Entry> describe_folder(OstreeRepo* repo, const Sha256& attributes) {
  return Entry{.path = {},
               .kind = Kind::kFolder,
               .checksum = attributes,
               .attributes = TRY(folder_attributes(repo, attributes))};
}

Result<void> list_into(OstreeRepo* repo, const Sha256& tree, const std::string& path,
                       std::vector<Entry>& entries) {
  const auto dirtree = TRY(load(repo, OSTREE_OBJECT_TYPE_DIR_TREE, tree));
  const auto first = entries.size();
  std::vector<std::pair<std::string, Sha256>> folders;
  TRY(for_each_child(
      dirtree.get(),
      [&](const char* name, const Sha256& object) -> Result<void> {
        entries.push_back(TRY(describe_file(repo, object)));
        entries.back().path = path + '/' + name;
        return {};
      },
      [&](const char* name, const Sha256& subtree, const Sha256& attributes) -> Result<void> {
        auto folder = TRY(describe_folder(repo, attributes));
        folder.path = path + '/' + name;
        entries.push_back(std::move(folder));
        folders.emplace_back(path + '/' + name, subtree);
        return {};
      }));
  // Files and folders of one level are stored apart; people expect them in one order.
  std::vector<Entry> level(std::make_move_iterator(entries.begin() + static_cast<std::ptrdiff_t>(first)),
                           std::make_move_iterator(entries.end()));
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(first), entries.end());
  std::ranges::sort(level, {}, &Entry::path);
  for (auto& entry : level) {
    const auto folder = std::ranges::find(folders, entry.path, &std::pair<std::string, Sha256>::first);
    const auto is_folder = entry.kind == Kind::kFolder;
    entries.push_back(std::move(entry));
    if (is_folder) TRY(list_into(repo, folder->second, folder->first, entries));
  }
  return {};
}

std::string display(OstreeObjectType type, const std::string& hex) {
  return hex + "." + ostree_object_type_to_string(type);
}

struct Object {
  std::string hex;
  OstreeObjectType type;
};

// Everything a commit needs, itself included; fails where a folder object is missing.
Result<std::vector<Object>> reachable(OstreeRepo* repo, const Sha256& commit) {
  TRY(load(repo, OSTREE_OBJECT_TYPE_COMMIT,
           commit));  // traversing a missing commit is no failure to libostree
  HashTable table;
  GlibFailure failure;
  if (!ostree_repo_traverse_commit(repo, commit.hex().c_str(), 0, out(table), nullptr, failure)) {
    return failure.as("read commit", commit.hex());
  }
  std::vector<Object> objects;
  GHashTableIter iterator;
  g_hash_table_iter_init(&iterator, table.get());
  for (gpointer key = nullptr; g_hash_table_iter_next(&iterator, &key, nullptr);) {
    const char* hex = nullptr;
    OstreeObjectType type{};
    ostree_object_name_deserialize(static_cast<GVariant*>(key), &hex, &type);
    objects.push_back({.hex = hex, .type = type});
  }
  std::ranges::sort(objects, {}, &Object::hex);
  return objects;
}

Result<void> verify_object(OstreeRepo* repo, const Object& object) {
  GlibFailure failure;
  if (ostree_repo_fsck_object(repo, object.type, object.hex.c_str(), nullptr, failure)) return {};
  const auto error = failure.as("verify", display(object.type, object.hex)).error();
  return fail(Category::kVerification, error.operation(), error.object(), error.cause());
}

}  // namespace

Result<std::vector<Entry>> Repository::list(const Sha256& commit, std::string_view from) const {
  const auto folder = TRY(find_folder(repo_.get(), commit, from));
  std::vector<Entry> entries;
  TRY(list_into(repo_.get(), folder.tree, "", entries));
  return entries;
}

Result<std::optional<Entry>> Repository::find(const Sha256& commit, std::string_view path) const {
  const auto tree = TRY(Tree::of_commit(*this, commit));
  const auto found = TRY(tree.find(path));
  if (!found) return std::nullopt;
  auto entry = TRY(found->kind == Kind::kFolder ? describe_folder(repo_.get(), found->checksum)
                                                : describe_file(repo_.get(), found->checksum));
  for (const auto& name : TRY(split(path))) entry.path += '/' + name;
  if (entry.path.empty()) entry.path = "/";
  return entry;
}

Result<Entry> Repository::describe(const Sha256& object) const { return describe_file(repo_.get(), object); }

Result<std::string> Repository::read_object(const Sha256& object, std::size_t limit) const {
  Handle<GInputStream> content;
  GlibFailure failure;
  if (!ostree_repo_load_file(repo_.get(), object.hex().c_str(), out(content), nullptr, nullptr, nullptr,
                             failure)) {
    return failure.as("read", object.hex() + ".file");
  }
  if (!content) return fail(Category::kNotFound, "read", object.hex() + ".file", "it is a symlink");
  std::string data;
  for (;;) {
    constexpr std::size_t kChunk = 64U << 10U;
    const auto used = data.size();
    data.resize(used + kChunk);
    const auto count = g_input_stream_read(content.get(), data.data() + used, kChunk, nullptr, failure);
    if (count < 0) return failure.as("read", object.hex() + ".file");
    data.resize(used + static_cast<std::size_t>(count));
    if (data.size() > limit) {
      return fail(Category::kInvalidInput, "read", object.hex() + ".file",
                  "larger than " + std::to_string(limit) + " bytes");
    }
    if (count == 0) return data;
  }
}

Result<std::string> Repository::read_file(const Sha256& commit, std::string_view path,
                                          std::size_t limit) const {
  const auto found = TRY(TRY(Tree::of_commit(*this, commit)).find(path));
  if (!found || found->kind == Kind::kFolder) {
    return fail(Category::kNotFound, "read", std::string(path), "no such file in commit " + commit.hex());
  }
  auto content = read_object(found->checksum, limit);
  if (!content) return std::unexpected(content.error().in(path));
  return content;
}

Result<std::map<std::string, MetadataValue>> Repository::metadata_of(const Sha256& commit) const {
  const auto object = TRY(load(repo_.get(), OSTREE_OBJECT_TYPE_COMMIT, commit));
  std::map<std::string, MetadataValue> metadata;
  const Variant dict(g_variant_get_child_value(object.get(), 0));
  for (gsize i = 0; i < g_variant_n_children(dict.get()); ++i) {
    const char* key = nullptr;
    GVariant* raw = nullptr;
    g_variant_get_child(dict.get(), i, "{&sv}", &key, &raw);
    const Variant value(raw);
    if (g_variant_is_of_type(raw, G_VARIANT_TYPE_STRING)) {
      metadata.emplace(key, std::string(g_variant_get_string(raw, nullptr)));
    } else if (g_variant_is_of_type(raw, G_VARIANT_TYPE_BOOLEAN)) {
      metadata.emplace(key, g_variant_get_boolean(raw) != FALSE);
    } else if (g_variant_is_of_type(raw, G_VARIANT_TYPE_UINT64)) {
      metadata.emplace(key, std::uint64_t{g_variant_get_uint64(raw)});
    } else if (g_variant_is_of_type(raw, G_VARIANT_TYPE_STRING_ARRAY)) {
      std::vector<std::string> list;
      gsize count = 0;
      const Owned<const gchar*, g_free> words(g_variant_get_strv(raw, &count));
      list.reserve(count);
      for (gsize word = 0; word < count; ++word) list.emplace_back(words.get()[word]);
      metadata.emplace(key, std::move(list));
    }
  }
  return metadata;
}

Result<void> Repository::verify(const Sha256& commit) const {
  for (const auto& object : TRY(reachable(repo_.get(), commit))) TRY(verify_object(repo_.get(), object));
  return {};
}

namespace {

// After a power cut a ref may be an empty file, which stops libostree from listing any.
Result<std::vector<std::string>> delete_unreadable_refs(const std::filesystem::path& heads) {
  std::vector<std::string> lost;
  for (const auto& file : std::filesystem::recursive_directory_iterator(heads)) {
    if (!file.is_regular_file()) continue;
    auto commit = TRY(stratify::read_file(file.path(), 4096));
    while (commit.ends_with('\n')) commit.pop_back();
    if (!Sha256::parse(commit)) lost.push_back(file.path().lexically_relative(heads));
  }
  for (const auto& ref : lost) std::filesystem::remove(heads / ref);
  return lost;
}

// Verifies commits and deletes damaged objects. Each object is read once, however many commits share it.
class Doctor {
 public:
  explicit Doctor(OstreeRepo* repo) : repo_(repo) {}

  bool is_sound(const Sha256& commit) {
    const auto objects = reachable(repo_, commit);
    bool sound = objects.has_value();
    for (const auto& object : objects.value_or(std::vector<Object>{})) sound = is_sound(object) && sound;
    if (!objects) known_[objects.error().object()] = false;
    return sound;
  }

  // Damaged or missing, of all commits that were looked at.
  [[nodiscard]] std::vector<std::string> damaged() const {
    std::vector<std::string> names;
    for (const auto& [object, sound] : known_)
      if (!sound) names.push_back(object);
    return names;
  }

 private:
  bool is_sound(const Object& object) {
    const auto [known, fresh] = known_.try_emplace(display(object.type, object.hex), true);
    if (fresh && !verify_object(repo_, object)) {
      known->second = false;
      ostree_repo_delete_object(repo_, object.type, object.hex.c_str(), nullptr, nullptr);
    }
    return known->second;
  }

  OstreeRepo* repo_;
  std::map<std::string, bool> known_;  // object -> sound
};

}  // namespace

Result<std::vector<std::string>> Repository::discard_damage(const std::vector<Sha256>& commits) const {
  Doctor doctor(repo_.get());
  for (const auto& commit : commits) {
    if (doctor.is_sound(commit)) continue;
    GlibFailure failure;
    if (!ostree_repo_mark_commit_partial(repo_.get(), commit.hex().c_str(), TRUE, failure))
      return failure.as("note as partial", commit.hex());
  }
  return doctor.damaged();
}

Result<Repository::Repair> Repository::repair() const {
  Repair result{.lost_refs = TRY(delete_unreadable_refs(path_ / "refs" / "heads"))};
  Doctor doctor(repo_.get());
  for (const auto& [ref, commit] : TRY(refs())) {
    if (doctor.is_sound(commit)) continue;
    TRY(delete_ref(ref));
    result.lost_refs.push_back(ref);
  }
  result.freed_bytes = TRY(prune());
  return result;
}

}  // namespace stratify::ostree
