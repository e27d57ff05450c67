#include "image/compose/files.hpp"

#include <fcntl.h>

#include <algorithm>
#include <system_error>

#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

class Layer {
 public:
  Layer(ostree::Transaction& transaction, ostree::Tree& tree, Sha256 folder)
      : transaction_(transaction), tree_(tree), folder_(std::move(folder)) {}

  Result<void> lay(const fs::path& from, const fs::path& to) {
    std::error_code error;
    const auto status = fs::symlink_status(from, error);
    if (!fs::exists(status)) return fail(Category::kNotFound, "add", from, "the file does not exist");
    if (fs::is_directory(status)) return lay_folder(from, to);
    TRY(tree_.ensure_folder(to.parent_path().string(), folder_));
    if (fs::is_symlink(status)) {
      return tree_.replace_file(to.string(),
                                TRY(transaction_.write_symlink({}, fs::read_symlink(from).string())));
    }
    const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    const auto fd = TRY(open_file(from, O_RDONLY));
    const auto size = fs::file_size(from, error);
    return tree_.replace_file(
        to.string(), TRY(transaction_.write_file({.mode = executable ? 0755U : 0644U}, fd.get(), size)));
  }

 private:
  Result<void> lay_folder(const fs::path& from, const fs::path& to) {
    TRY(tree_.ensure_folder(to.string(), folder_));
    std::vector<fs::path> names;
    for (const auto& entry : fs::directory_iterator(from)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    for (const auto& name : names) {
      if (name != "README.md")
        TRY(lay(from / name, to / name));  // READMEs explain the project's folders, not the image
    }
    return {};
  }

  ostree::Transaction& transaction_;
  ostree::Tree& tree_;
  Sha256 folder_;
};

}  // namespace

Result<void> lay_files(ostree::Transaction& transaction, ostree::Tree& tree, const FileOrigins& origins,
                       const std::vector<FileRule>& rules) {
  Layer layer(transaction, tree, TRY(transaction.write_folder({.mode = 0755})));
  for (const auto& rule : rules) {
    auto from = (rule.origin == FileOrigin::kBuild ? origins.build : origins.project) / rule.from;
    if (!from.has_filename()) from = from.parent_path();
    const bool into_folder = !rule.to.has_filename() && !fs::is_directory(from);
    auto to = into_folder ? rule.to / from.filename() : rule.to;
    if (!to.has_filename() && to != "/") to = to.parent_path();
    const auto laid = layer.lay(from, to);
    if (!laid) return std::unexpected(laid.error().in("files: " + rule.from.string()));
  }
  return {};
}

}  // namespace stratify::image
