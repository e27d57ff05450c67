#include "platform/ostree_glib.hpp"

#include <fcntl.h>

#include <ranges>

namespace stratify::ostree {

void ObjectUnref::operator()(void* object) const { g_object_unref(object); }

namespace {

Category category_of(const GError& error) {
  if (error.domain == OSTREE_GPG_ERROR) return Category::kVerification;
  // libostree has no error code for a failed checksum or for its own free-space limit, only these words.
  const std::string_view message = error.message;
  if (message.contains("min-free-space")) return Category::kNoSpace;
  if (message.contains("orrupted")) return Category::kVerification;
  if (error.domain != G_IO_ERROR) return Category::kIo;
  switch (error.code) {
    case G_IO_ERROR_NOT_FOUND:
      return Category::kNotFound;
    case G_IO_ERROR_NO_SPACE:
      return Category::kNoSpace;
    case G_IO_ERROR_PERMISSION_DENIED:
      return Category::kPermission;
    case G_IO_ERROR_EXISTS:
    case G_IO_ERROR_BUSY:
    case G_IO_ERROR_WOULD_BLOCK:
      return Category::kConflict;
    case G_IO_ERROR_TIMED_OUT:
      return Category::kTimeout;
    case G_IO_ERROR_INVALID_ARGUMENT:
    case G_IO_ERROR_INVALID_DATA:
    case G_IO_ERROR_INVALID_FILENAME:
      return Category::kInvalidInput;
    default:
      return Category::kIo;
  }
}

}  // namespace

Unexpected GlibFailure::as(std::string operation, std::string object) const {
  if (error_ == nullptr)
    return fail(Category::kIo, std::move(operation), std::move(object), "libostree gave no reason");
  return fail(category_of(*error_), std::move(operation), std::move(object), error_->message);
}

Result<Handle<OstreeRepo>> open_repo(const std::filesystem::path& path) {
  GlibFailure failure;
  Handle<OstreeRepo> repo(ostree_repo_open_at(AT_FDCWD, path.c_str(), nullptr, failure));
  if (!repo) return failure.as("open repository", path);
  return repo;
}

Result<std::vector<std::string>> split(std::string_view path) {
  std::vector<std::string> names;
  for (const auto part : std::views::split(path, '/')) {
    const std::string_view name(part);
    if (name.empty()) continue;
    if (name == "." || name == ".." || name.contains('\0')) {
      return fail(Category::kInvalidInput, "use path", std::string(path),
                  "a path in a tree has no '.' or '..'");
    }
    names.emplace_back(name);
  }
  return names;
}

Sha256 checksum(const char* hex) { return Sha256::parse(hex).value(); }

Result<Sha256> checksum(GVariant* bytes) {
  GlibFailure failure;
  const auto* raw = ostree_checksum_bytes_peek_validate(bytes, failure);
  if (raw == nullptr) return failure.as("read checksum", "an object");
  const GlibString hex(ostree_checksum_from_bytes(raw));
  return checksum(hex.get());
}

Variant to_variant(const std::map<std::string, std::string>& xattrs) {
  if (xattrs.empty()) return nullptr;
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ayay)"));
  for (const auto& [name, value] : xattrs) {
    g_variant_builder_add(&builder, "(@ay@ay)", g_variant_new_bytestring(name.c_str()),
                          g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, value.data(), value.size(), 1));
  }
  return Variant(g_variant_ref_sink(g_variant_builder_end(&builder)));
}

std::map<std::string, std::string> from_variant(GVariant* xattrs) {
  std::map<std::string, std::string> result;
  for (gsize i = 0; xattrs != nullptr && i < g_variant_n_children(xattrs); ++i) {
    const char* name = nullptr;
    GVariant* value = nullptr;
    g_variant_get_child(xattrs, i, "(^&ay@ay)", &name, &value);
    const Variant owned(value);
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_variant_get_fixed_array(value, &size, 1));
    result.emplace(name, std::string(data, size));
  }
  return result;
}

Result<Variant> load(OstreeRepo* repo, OstreeObjectType type, const Sha256& object) {
  Variant variant;
  GlibFailure failure;
  if (!ostree_repo_load_variant(repo, type, object.hex().c_str(), out(variant), failure)) {
    return failure.as("load", object.hex() + "." + ostree_object_type_to_string(type));
  }
  return variant;
}

Result<FolderObjects> find_folder(OstreeRepo* repo, const Sha256& commit, std::string_view path) {
  const auto names = TRY(split(path));
  const auto object = TRY(load(repo, OSTREE_OBJECT_TYPE_COMMIT, commit));
  const Variant tree(g_variant_get_child_value(object.get(), 6));
  const Variant attributes(g_variant_get_child_value(object.get(), 7));
  FolderObjects folder{.tree = TRY(checksum(tree.get())), .attributes = TRY(checksum(attributes.get()))};
  for (const auto& name : names) {
    const auto dirtree = TRY(load(repo, OSTREE_OBJECT_TYPE_DIR_TREE, folder.tree));
    std::optional<FolderObjects> child;
    TRY(for_each_child(
        dirtree.get(), [](const char*, const Sha256&) -> Result<void> { return {}; },
        [&](const char* found, const Sha256& subtree, const Sha256& meta) -> Result<void> {
          if (name == found) child = FolderObjects{.tree = subtree, .attributes = meta};
          return {};
        }));
    if (!child) {
      return fail(Category::kNotFound, "find folder", std::string(path), "not in commit " + commit.hex());
    }
    folder = *std::move(child);
  }
  return folder;
}

}  // namespace stratify::ostree
