#include "image/package_tree.hpp"

#include <algorithm>
#include <array>

namespace stratify::image {

std::string merged_usr_path(std::string_view path) {
  constexpr std::array<std::string_view, 7> kAliases{"/bin",   "/sbin",   "/lib",   "/lib32",
                                                     "/lib64", "/libo32", "/libx32"};
  const auto first = path.substr(0, path.find('/', 1));
  return (std::ranges::contains(kAliases, first) ? "/usr" : "") + std::string(path);
}

Result<void> PackageTree::begin() {
  const auto plain = TRY(folder_object({.mode = 0755}));
  for (const auto* const path : {"/", "/data", "/control"}) TRY(tree_.set_folder(path, plain));
  return {};
}

std::string PackageTree::place(std::string_view path) const {
  return "/data" + (keeps_aliases_ ? std::string(path) : merged_usr_path(path));
}

Result<Sha256> PackageTree::folder_object(const Attributes& attributes) {
  if (!attributes.xattrs.empty()) return transaction_.write_folder(attributes);
  const auto key = std::tuple(attributes.uid, attributes.gid, attributes.mode);
  const auto known = folder_objects_.find(key);
  if (known != folder_objects_.end()) return known->second;
  return folder_objects_.emplace(key, TRY(transaction_.write_folder(attributes))).first->second;
}

// Merging /usr may bring two members to one path: equal ones are one, others nobody can install.
Result<void> PackageTree::put(const std::string& place, const Sha256& object) {
  const auto present = TRY(tree_.find(place));
  if (!present) return tree_.replace_file(place, object);
  if (present->checksum == object) return {};
  return fail(Category::kInvalidInput, "unpack", place.substr(5),
              "the package ships it with and without /usr");
}

Result<void> PackageTree::control_file(std::string_view name, const Attributes& attributes,
                                       std::string_view content) {
  return tree_.replace_file("/control/" + std::string(name),
                            TRY(transaction_.write_file(attributes, content)));
}

Result<void> PackageTree::folder(std::string_view path, const Attributes& attributes) {
  const auto to = place(path);
  const auto object = TRY(folder_object(attributes));
  // "./lib/" may come without "./usr/": then /usr is made as it is everywhere.
  if (to != "/data" + std::string(path) && !TRY(tree_.find("/data/usr"))) {
    TRY(tree_.set_folder("/data/usr", TRY(folder_object({.mode = 0755}))));
  }
  return tree_.set_folder(to, object);
}

Result<void> PackageTree::symlink(std::string_view path, const Attributes& attributes,
                                  std::string_view target) {
  return put(place(path), TRY(transaction_.write_symlink(attributes, target)));
}

Result<void> PackageTree::hard_link(std::string_view path, std::string_view target) {
  const auto found = TRY(tree_.find(place(target)));
  return put(place(path), found.value().checksum);
}

Result<void> PackageTree::begin_file(std::string_view path, const Attributes& attributes,
                                     std::uint64_t size) {
  file_place_ = place(path);
  file_ = TRY(transaction_.open_file(attributes, size));
  return {};
}

Result<void> PackageTree::write(std::string_view data) { return file_.value().write(data); }

Result<void> PackageTree::end_file() {
  const auto object = TRY(file_.value().finish());
  file_.reset();
  return put(file_place_, object);
}

}  // namespace stratify::image
