// Inside of platform/ostree: owned GLib handles and the one translation of GError.
#pragma once

#include <ostree.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/error.hpp"
#include "platform/ostree.hpp"
#include "platform/owned.hpp"

namespace stratify::ostree {

using GlibError = Owned<GError, g_error_free>;
using GlibString = Owned<char, g_free>;
using Variant = Owned<GVariant, g_variant_unref>;
using HashTable = Owned<GHashTable, g_hash_table_unref>;
using KeyFile = Owned<GKeyFile, g_key_file_unref>;

inline constexpr std::uint32_t kPermissions = 07777;  // the part of a mode that is not its kind

// Receives a GError from a call: `if (!f(..., failure)) return failure.as("write", "x");`
class GlibFailure {
 public:
  GlibFailure() = default;
  GlibFailure(const GlibFailure&) = delete;
  GlibFailure& operator=(const GlibFailure&) = delete;
  GlibFailure(GlibFailure&&) = delete;
  GlibFailure& operator=(GlibFailure&&) = delete;
  ~GlibFailure() { g_clear_error(&error_); }

  // Stands in for GError** in calls.
  operator GError**() { return &error_; }
  [[nodiscard]] bool is(GQuark domain, int code) const {
    return g_error_matches(error_, domain, code) != FALSE;
  }
  [[nodiscard]] Unexpected as(std::string operation, std::string object) const;

 private:
  GError* error_ = nullptr;
};

// An existing repository.
Result<Handle<OstreeRepo>> open_repo(const std::filesystem::path& path);

// Receives an object or string a call gives away: `f(..., out(handle))`.
template <class T, class D>
class Out {
 public:
  explicit Out(std::unique_ptr<T, D>& target) : target_(target) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  Out(Out&&) = delete;
  Out& operator=(Out&&) = delete;
  ~Out() { target_.reset(pointer_); }
  operator T**() { return &pointer_; }

 private:
  std::unique_ptr<T, D>& target_;
  T* pointer_ = nullptr;
};
template <class T, class D>
Out<T, D> out(std::unique_ptr<T, D>& target) {
  return Out<T, D>(target);
}

template <class T>
Handle<T> share(T* object) {
  return Handle<T>(static_cast<T*>(g_object_ref(object)));
}

// The names of a path: "/usr/bin" -> {"usr", "bin"}. kInvalidInput for "." and "..".
Result<std::vector<std::string>> split(std::string_view path);

// A checksum libostree itself has made.
Sha256 checksum(const char* hex);
// A checksum stored in an object, which may be damaged.
Result<Sha256> checksum(GVariant* bytes);

// a(ayay), sorted by name, as libostree stores xattrs; null when there are none.
Variant to_variant(const std::map<std::string, std::string>& xattrs);
std::map<std::string, std::string> from_variant(GVariant* xattrs);

// One folder object: calls on_file(name, checksum) and on_folder(name, tree, attributes) in the stored,
// sorted order; both return Result<void>.
template <class OnFile, class OnFolder>
Result<void> for_each_child(GVariant* dirtree, OnFile on_file, OnFolder on_folder) {
  const Variant files(g_variant_get_child_value(dirtree, 0));
  const Variant folders(g_variant_get_child_value(dirtree, 1));
  for (gsize i = 0; i < g_variant_n_children(files.get()); ++i) {
    const char* name = nullptr;
    GVariant* file = nullptr;
    g_variant_get_child(files.get(), i, "(&s@ay)", &name, &file);
    TRY(on_file(name, TRY(checksum(Variant(file).get()))));
  }
  for (gsize i = 0; i < g_variant_n_children(folders.get()); ++i) {
    const char* name = nullptr;
    GVariant* tree = nullptr;
    GVariant* attributes = nullptr;
    g_variant_get_child(folders.get(), i, "(&s@ay@ay)", &name, &tree, &attributes);
    const Variant owned_tree(tree);
    const Variant owned_attributes(attributes);
    TRY(on_folder(name, TRY(checksum(tree)), TRY(checksum(attributes))));
  }
  return {};
}

// A metadata object; kNotFound or kVerification when it is missing or damaged.
Result<Variant> load(OstreeRepo* repo, OstreeObjectType type, const Sha256& object);

// Where a folder of a commit is kept.
struct FolderObjects {
  Sha256 tree;
  Sha256 attributes;
};
Result<FolderObjects> find_folder(OstreeRepo* repo, const Sha256& commit, std::string_view path);

}  // namespace stratify::ostree
