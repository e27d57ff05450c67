#include "platform/ostree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace fs = std::filesystem;

namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

// Only what differs from libostree's defaults. A percentage of a large disk is a poor limit for a cache; a
// fixed reserve leaves room to end an operation tidily.
Result<bool> configure(OstreeRepo* repo, const fs::path& path, Sync sync) {
  const KeyFile config(ostree_repo_copy_config(repo));
  bool changed = false;
  const auto want = [&](const char* key, const char* value) {
    const GlibString present(g_key_file_get_string(config.get(), "core", key, nullptr));
    if (present && std::string_view(present.get()) == value) return;
    g_key_file_set_string(config.get(), "core", key, value);
    changed = true;
  };
  want("fsync", sync == Sync::kNever ? "false" : "true");
  want("min-free-space-size", "100MB");
  GlibFailure failure;
  if (changed && !ostree_repo_write_config(repo, config.get(), failure)) {
    return failure.as("configure repository", path);
  }
  return changed;
}

Result<std::string> current_boot() { return read_file(kBootId); }

fs::path unsynced_mark(const fs::path& repository) { return repository / "unsynced"; }

}  // namespace

Sha256 Root::tree() const { return checksum(ostree_repo_file_tree_get_contents_checksum(file_.get())); }

Sha256 Root::folder() const { return checksum(ostree_repo_file_tree_get_metadata_checksum(file_.get())); }

Result<Repository> Repository::open_or_create(const fs::path& path, Sync sync) {
  TRY(make_folders(path));
  GlibFailure failure;
  Handle<OstreeRepo> repo(
      ostree_repo_create_at(AT_FDCWD, path.c_str(), OSTREE_REPO_MODE_BARE, nullptr, nullptr, failure));
  if (!repo) return failure.as("create repository", path);
  if (ostree_repo_get_mode(repo.get()) != OSTREE_REPO_MODE_BARE) {
    return fail(Category::kInvalidInput, "use repository", path,
                "its mode is not 'bare'; choose another folder");
  }
  if (TRY(configure(repo.get(), path, sync))) repo = TRY(open_repo(path));
  Repository repository(path, std::move(repo));

  const auto mark = unsynced_mark(path);
  const auto boot = TRY(current_boot());
  if (fs::exists(mark) && TRY(stratify::read_file(mark)) != boot) {
    TRY(repository.repair());
    TRY(repository.sync());
  }
  if (sync == Sync::kNever && !fs::exists(mark)) TRY(write_file_durably(mark, boot));
  return repository;
}

Result<Repository> Repository::open(const fs::path& path) { return Repository(path, TRY(open_repo(path))); }

Result<void> Repository::sync() const {
  const auto folder = TRY(open_file(path_, O_RDONLY | O_DIRECTORY));
  if (::syncfs(folder.get()) != 0) return errno_error("sync", path_);
  if (::unlink(unsynced_mark(path_).c_str()) != 0 && errno != ENOENT)
    return errno_error("remove", unsynced_mark(path_));
  return sync_folder(path_);
}

Result<std::optional<Sha256>> Repository::resolve(std::string_view ref) const {
  GlibString commit;
  GlibFailure failure;
  if (!ostree_repo_resolve_rev(repo_.get(), std::string(ref).c_str(), TRUE, out(commit), failure)) {
    return failure.as("resolve ref", std::string(ref));
  }
  if (!commit) return std::nullopt;
  return checksum(commit.get());
}

Result<std::optional<Sha256>> Repository::resolve_usable(std::string_view ref) const {
  auto commit = TRY(resolve(ref));
  if (commit) {
    auto root = find_folder(repo_.get(), *commit, "/");
    if (root && load(repo_.get(), OSTREE_OBJECT_TYPE_DIR_TREE, root->tree)) return commit;
  }
  return std::nullopt;
}

Result<std::map<std::string, Sha256>> Repository::refs(std::string_view prefix) const {
  HashTable table;
  GlibFailure failure;
  if (!ostree_repo_list_refs(repo_.get(), nullptr, out(table), nullptr, failure)) {
    return failure.as("list refs", path_);
  }
  std::map<std::string, Sha256> refs;
  GHashTableIter iterator;
  g_hash_table_iter_init(&iterator, table.get());
  for (gpointer name = nullptr, commit = nullptr; g_hash_table_iter_next(&iterator, &name, &commit);) {
    const std::string ref = static_cast<const char*>(name);
    if (ref.starts_with(prefix)) refs.emplace(ref, checksum(static_cast<const char*>(commit)));
  }
  return refs;
}

namespace {

Result<void> set_ref_now(OstreeRepo* repo, std::string_view ref, const char* commit) {
  GlibFailure failure;
  const std::string name(ref);
  if (!ostree_repo_set_ref_immediate(repo, nullptr, name.c_str(), commit, nullptr, failure)) {
    return failure.as(commit != nullptr ? "set ref" : "delete ref", name);
  }
  return {};
}

}  // namespace

Result<void> Repository::set_ref(std::string_view ref, const Sha256& commit) const {
  return set_ref_now(repo_.get(), ref, commit.hex().c_str());
}

Result<void> Repository::delete_ref(std::string_view ref) const {
  return set_ref_now(repo_.get(), ref, nullptr);
}

Result<Root> Repository::root_of(const Sha256& commit) const {
  Handle<GFile> root;
  GlibFailure failure;
  if (!ostree_repo_read_commit(repo_.get(), commit.hex().c_str(), out(root), nullptr, nullptr, failure)) {
    return failure.as("read commit", commit.hex());
  }
  return Root(Handle<OstreeRepoFile>(OSTREE_REPO_FILE(root.release())));
}

Result<void> Repository::checkout(const Sha256& commit, const fs::path& destination,
                                  const CheckoutOptions& options) const {
  OstreeRepoCheckoutAtOptions at{};
  at.subpath = options.from.c_str();
  switch (options.existing) {
    case CheckoutOptions::Existing::kRefuse:
      at.overwrite_mode = OSTREE_REPO_CHECKOUT_OVERWRITE_NONE;
      break;
    case CheckoutOptions::Existing::kReplace:
      at.overwrite_mode = OSTREE_REPO_CHECKOUT_OVERWRITE_UNION_FILES;
      break;
    case CheckoutOptions::Existing::kKeep:
      at.overwrite_mode = OSTREE_REPO_CHECKOUT_OVERWRITE_ADD_FILES;
      break;
    case CheckoutOptions::Existing::kIdentical:
      at.overwrite_mode = OSTREE_REPO_CHECKOUT_OVERWRITE_UNION_IDENTICAL;
      break;
  }
  at.process_whiteouts = options.whiteouts ? TRUE : FALSE;
  at.process_passthrough_whiteouts = options.overlay_whiteouts ? TRUE : FALSE;
  at.force_copy = options.copy ? TRUE : FALSE;
  // A silent copy instead of a link would hide that the cache is on another file system and cost the whole
  // gain.
  at.no_copy_fallback = options.copy ? FALSE : TRUE;
  GlibFailure failure;
  if (!ostree_repo_checkout_at(repo_.get(), &at, AT_FDCWD, destination.c_str(), commit.hex().c_str(), nullptr,
                               failure)) {
    return failure.as("check out " + commit.hex() + " to", destination);
  }
  return {};
}

Result<std::uint64_t> Repository::prune() const {
  gint total = 0;
  gint pruned = 0;
  guint64 bytes = 0;
  GlibFailure failure;
  if (!ostree_repo_prune(repo_.get(), OSTREE_REPO_PRUNE_FLAGS_REFS_ONLY, -1, &total, &pruned, &bytes, nullptr,
                         failure)) {
    return failure.as("prune", path_);
  }
  return bytes;
}

}  // namespace stratify::ostree
