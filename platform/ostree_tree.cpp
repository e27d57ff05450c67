// Trees in memory: OstreeMutableTree with checked paths, and the union of commits.
#include <algorithm>

#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace {

// Folders are borrowed: a parent keeps its children alive.
using Folder = OstreeMutableTree*;

// A lazily read folder shows damage only after it was looked into.
Result<void> check(Folder folder) {
  GlibFailure failure;
  if (!ostree_mutable_tree_check_error(folder, failure)) return failure.as("read", "a folder of the tree");
  return {};
}

Folder folder_in(Folder parent, const std::string& name) {
  return static_cast<Folder>(g_hash_table_lookup(ostree_mutable_tree_get_subdirs(parent), name.c_str()));
}

const char* file_in(Folder parent, const std::string& name) {
  return static_cast<const char*>(g_hash_table_lookup(ostree_mutable_tree_get_files(parent), name.c_str()));
}

Unexpected missing(std::string_view operation, std::string_view path) {
  return fail(Category::kNotFound, std::string(operation), std::string(path), "no such folder in the tree");
}

// The folder at names, nullptr when there is none.
Result<Folder> descend(Folder folder, std::span<const std::string> names) {
  for (const auto& name : names) {
    auto* child = folder_in(folder, name);
    TRY(check(folder));
    if (child == nullptr) return nullptr;
    folder = child;
  }
  return folder;
}

Result<Folder> make_child(Folder parent, const std::string& name, std::string_view path) {
  Handle<OstreeMutableTree> child;
  GlibFailure failure;
  if (!ostree_mutable_tree_ensure_dir(parent, name.c_str(), out(child), failure)) {
    return fail(Category::kConflict, "make folder", std::string(path), "a file is in its place");
  }
  return child.get();
}

Result<void> put_file(Folder parent, const std::string& name, const Sha256& object, std::string_view path) {
  GlibFailure failure;
  if (!ostree_mutable_tree_replace_file(parent, name.c_str(), object.hex().c_str(), failure)) {
    return fail(Category::kConflict, "put file", std::string(path), "a folder is in its place");
  }
  return {};
}

Result<void> drop(Folder parent, const std::string& name, std::string_view path) {
  GlibFailure failure;
  if (!ostree_mutable_tree_remove(parent, name.c_str(), FALSE, failure))
    return failure.as("remove", std::string(path));
  return {};
}

// Lays folder objects over a tree.
class Merger {
 public:
  Merger(OstreeRepo* repo, const MergeOptions& options) : repo_(repo), options_(options) {}

  Result<void> merge(Folder into, const Sha256& tree, const std::string& path) {
    const auto dirtree = TRY(load(repo_, OSTREE_OBJECT_TYPE_DIR_TREE, tree));
    return for_each_child(
        dirtree.get(),
        [&](const char* name, const Sha256& object) {
          return merge_file(into, name, object, path + '/' + name);
        },
        [&](const char* name, const Sha256& subtree, const Sha256& attributes) {
          return merge_folder(into, name, {.tree = subtree, .attributes = attributes}, path + '/' + name);
        });
  }

 private:
  [[nodiscard]] bool kept(const std::string& path, Kind kind) const {
    return !options_.keep || options_.keep(path, kind);
  }

  Result<bool> incoming_wins(const std::string& path, const char* what) const {
    if (options_.files != OnConflict::kRefuse) return options_.files == OnConflict::kReplace;
    return fail(Category::kConflict, "merge", path, what);
  }

  Result<void> merge_file(Folder into, const std::string& name, const Sha256& object,
                          const std::string& path) {
    if (!kept(path, Kind::kFile)) return {};
    if (folder_in(into, name) != nullptr) {
      if (!TRY(incoming_wins(path, "a file would replace a folder"))) return {};
      TRY(drop(into, name, path));
    } else if (const auto* present = file_in(into, name); present != nullptr) {
      if (object.hex() == present) return {};
      if (!TRY(incoming_wins(path, "both sides have it, and they differ"))) return {};
    }
    TRY(check(into));
    return put_file(into, name, object, path);
  }

  Result<void> merge_folder(Folder into, const std::string& name, const FolderObjects& objects,
                            const std::string& path) {
    if (!kept(path, Kind::kFolder)) return {};
    if (file_in(into, name) != nullptr) {
      if (!TRY(incoming_wins(path, "a folder would replace a file"))) return {};
      TRY(drop(into, name, path));
    }
    auto* child = folder_in(into, name);
    TRY(check(into));
    if (child == nullptr) return add_folder(into, name, objects, path);
    if (options_.replace_attributes)
      ostree_mutable_tree_set_metadata_checksum(child, objects.attributes.hex().c_str());
    return merge(child, objects.tree, path);
  }

  // A folder only the incoming side has is taken whole without looking into it, unless somebody filters.
  Result<void> add_folder(Folder into, const std::string& name, const FolderObjects& objects,
                          const std::string& path) {
    auto* child = TRY(make_child(into, name, path));
    if (options_.keep) {
      ostree_mutable_tree_set_metadata_checksum(child, objects.attributes.hex().c_str());
      return merge(child, objects.tree, path);
    }
    ostree_mutable_tree_fill_empty_from_dirtree(child, repo_, objects.tree.hex().c_str(),
                                                objects.attributes.hex().c_str());
    return check(child);
  }

  OstreeRepo* repo_;
  const MergeOptions& options_;
};

}  // namespace

Tree::Tree() : root_(ostree_mutable_tree_new()) {}

Result<Tree> Tree::of_commit(const Repository& repository, const Sha256& commit, std::string_view from) {
  const auto folder = TRY(find_folder(repository.repo_.get(), commit, from));
  return Tree(Handle<OstreeMutableTree>(ostree_mutable_tree_new_from_checksum(
      repository.repo_.get(), folder.tree.hex().c_str(), folder.attributes.hex().c_str())));
}

Result<void> Tree::replace_file(std::string_view path, const Sha256& object) {
  const auto names = TRY(split(path));
  if (names.empty())
    return fail(Category::kConflict, "put file", std::string(path), "a folder is in its place");
  auto* parent = TRY(descend(root_.get(), std::span(names).first(names.size() - 1)));
  if (parent == nullptr) return missing("put file", path);
  return put_file(parent, names.back(), object, path);
}

Result<void> Tree::set_folder(std::string_view path, const Sha256& attributes) {
  const auto names = TRY(split(path));
  auto* folder = root_.get();
  if (!names.empty()) {
    auto* parent = TRY(descend(folder, std::span(names).first(names.size() - 1)));
    if (parent == nullptr) return missing("make folder", path);
    folder = TRY(make_child(parent, names.back(), path));
  }
  ostree_mutable_tree_set_metadata_checksum(folder, attributes.hex().c_str());
  return {};
}

Result<void> Tree::ensure_folder(std::string_view path, const Sha256& attributes) {
  auto* folder = root_.get();
  for (const auto& name : TRY(split(path))) {
    if (ostree_mutable_tree_get_metadata_checksum(folder) == nullptr) {
      ostree_mutable_tree_set_metadata_checksum(folder, attributes.hex().c_str());
    }
    folder = TRY(make_child(folder, name, path));
  }
  if (ostree_mutable_tree_get_metadata_checksum(folder) == nullptr) {
    ostree_mutable_tree_set_metadata_checksum(folder, attributes.hex().c_str());
  }
  return {};
}

Result<void> Tree::remove(std::string_view path) {
  const auto names = TRY(split(path));
  if (names.empty())
    return fail(Category::kInvalidInput, "remove", std::string(path), "the root cannot be removed");
  auto* parent = TRY(descend(root_.get(), std::span(names).first(names.size() - 1)));
  if (parent == nullptr) return missing("remove", path);
  return drop(parent, names.back(), path);
}

Result<std::optional<Tree::Found>> Tree::find(std::string_view path) const {
  const auto names = TRY(split(path));
  if (auto* folder = TRY(descend(root_.get(), names)); folder != nullptr) {
    const auto* attributes = ostree_mutable_tree_get_metadata_checksum(folder);
    if (attributes == nullptr) return std::nullopt;
    return Found{.kind = Kind::kFolder, .checksum = checksum(attributes)};
  }
  auto* parent = TRY(descend(root_.get(), std::span(names).first(names.size() - 1)));
  const auto* file = parent == nullptr ? nullptr : file_in(parent, names.back());
  if (file == nullptr) return std::nullopt;
  return Found{.kind = Kind::kFile, .checksum = checksum(file)};
}

Result<std::vector<std::string>> Tree::names(std::string_view path) const {
  auto* folder = TRY(descend(root_.get(), TRY(split(path))));
  if (folder == nullptr) return missing("list", path);
  std::vector<std::string> names;
  for (auto* table : {ostree_mutable_tree_get_files(folder), ostree_mutable_tree_get_subdirs(folder)}) {
    GHashTableIter iterator;
    g_hash_table_iter_init(&iterator, table);
    for (gpointer name = nullptr; g_hash_table_iter_next(&iterator, &name, nullptr);) {
      names.emplace_back(static_cast<const char*>(name));
    }
  }
  TRY(check(folder));
  std::ranges::sort(names);
  return names;
}

Result<void> Tree::merge(const Repository& repository, const Sha256& commit, const MergeOptions& options) {
  auto* repo = repository.repo_.get();
  const auto source = TRY(find_folder(repo, commit, options.from));
  auto* into = TRY(descend(root_.get(), TRY(split(options.at))));
  if (into == nullptr) return missing("merge into", options.at);
  if (options.replace_attributes || ostree_mutable_tree_get_metadata_checksum(into) == nullptr) {
    ostree_mutable_tree_set_metadata_checksum(into, source.attributes.hex().c_str());
  }
  return Merger(repo, options).merge(into, source.tree, "");
}

}  // namespace stratify::ostree
