#include "image/compose/overlay.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace stratify::image {

namespace fs = std::filesystem;

Result<Overlay> Overlay::mount(const fs::path& lower, const fs::path& work) {
  Overlay overlay(TRY(TemporaryFolder::create(work, "overlay")));
  const auto& folder = overlay.folder_.path();
  for (const auto* name : {"upper", "work", "merged"}) TRY(make_folders(folder / name));
  // userxattr: the same on-disk marks for root and for user namespaces. volatile: fsync(2) does nothing, and
  // nothing is lost by that, because what was half done before a crash is never used.
  const auto options = "lowerdir=" + lower.string() + ",upperdir=" + overlay.upper().string() +
                       ",workdir=" + (folder / "work").string() +
                       ",userxattr,index=off,metacopy=off,volatile";
  if (::mount("overlay", overlay.merged().c_str(), "overlay", 0, options.c_str()) != 0) {
    const auto error = errno_error("mount an overlay at", overlay.merged()).error();
    return fail(
        error.category(), error.operation(), error.object(),
        error.cause() + ". The output folder must be on a disk file system such as ext4, xfs or btrfs");
  }
  return overlay;
}

Overlay::~Overlay() {
  if (!folder_.path().empty()) ::umount2(merged().c_str(), MNT_DETACH);
}

namespace {

std::string xattr_of(const fs::path& path, const char* name) {
  std::array<char, 256> value{};
  const auto size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
  return size <= 0 ? std::string() : std::string(value.data(), static_cast<std::size_t>(size));
}

ostree::Attributes attributes_of(const fs::path& path, const struct stat& status, const Renumbering& ids) {
  ostree::Attributes attributes{
      .uid = ids.uid(status.st_uid), .gid = ids.gid(status.st_gid), .mode = status.st_mode & 07777U};
  if (const auto capability = xattr_of(path, "security.capability"); !capability.empty()) {
    attributes.xattrs["security.capability"] = capability;
  }
  return attributes;
}

bool is_rewritten(const std::string& at) {
  return at.ends_with(".pyc") || at == "/etc/passwd" || at == "/etc/group";
}

// PEP 552: bytes 4 to 7 hold flags; 3 is "hash, checked", 1 is "hash, unchecked".
void trust_byte_code(std::string& content) {
  constexpr std::string_view kChecked("\x03\0\0\0", 4);
  if (content.size() > 16 && std::string_view(content).substr(4, 4) == kChecked) content[4] = '\x01';
}

class Changes {
 public:
  Changes(ostree::Transaction& transaction, ostree::Tree& tree, const ChangeOptions& options)
      : transaction_(transaction), tree_(tree), options_(options) {}

  Result<void> apply_folder(const fs::path& folder, const std::string& at) {
    std::vector<fs::path> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) names.push_back(entry.path().filename());
    if (error) return errno_error("list", folder, error.value());
    std::ranges::sort(names);
    for (const auto& name : names) TRY(apply(folder / name, at + "/" + name.string()));
    return {};
  }

 private:
  Result<void> apply(const fs::path& from, const std::string& at) {
    if (!options_.keep(at)) return {};
    struct stat status{};
    if (::lstat(from.c_str(), &status) != 0) return errno_error("read", from);
    if (S_ISDIR(status.st_mode)) return apply_changed_folder(from, at, status);
    if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0)) return remove(at);
    TRY(make_way(at, ostree::Kind::kFile));
    if (S_ISLNK(status.st_mode)) return apply_symlink(from, at, status);
    if (S_ISREG(status.st_mode)) return apply_file(from, at, status);
    return fail(Category::kInvalidInput, "commit", at,
                "a maintainer script left a socket, pipe or device there");
  }

  Result<void> apply_changed_folder(const fs::path& from, const std::string& at, const struct stat& status) {
    if (xattr_of(from, "user.overlay.opaque") == "y") TRY(remove(at));
    TRY(make_way(at, ostree::Kind::kFolder));
    TRY(tree_.set_folder(at, TRY(transaction_.write_folder(attributes_of(from, status, options_.ids)))));
    return apply_folder(from, at);
  }

  Result<void> apply_symlink(const fs::path& from, const std::string& at, const struct stat& status) {
    std::error_code error;
    const auto target = fs::read_symlink(from, error);
    if (error) return errno_error("read", from, error.value());
    return tree_.replace_file(
        at, TRY(transaction_.write_symlink(attributes_of(from, status, options_.ids), target.string())));
  }

  Result<void> apply_file(const fs::path& from, const std::string& at, const struct stat& status) {
    const auto attributes = attributes_of(from, status, options_.ids);
    if (is_rewritten(at)) {
      auto content = TRY(read_file(from));
      if (at == "/etc/passwd")
        content = options_.ids.passwd(content);
      else if (at == "/etc/group")
        content = options_.ids.group(content);
      else
        trust_byte_code(content);
      return tree_.replace_file(at, TRY(transaction_.write_file(attributes, content)));
    }
    const auto fd = TRY(open_file(from, O_RDONLY));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    return tree_.replace_file(at, TRY(transaction_.write_file(attributes, fd.get(), size)));
  }

  Result<void> remove(const std::string& at) {
    return TRY(tree_.find(at)) ? tree_.remove(at) : Result<void>();
  }

  // A file may have become a folder, or the other way round.
  Result<void> make_way(const std::string& at, ostree::Kind kind) {
    const auto found = TRY(tree_.find(at));
    const bool is_folder = found && found->kind == ostree::Kind::kFolder;
    return found && is_folder != (kind == ostree::Kind::kFolder) ? tree_.remove(at) : Result<void>();
  }

  ostree::Transaction& transaction_;
  ostree::Tree& tree_;
  const ChangeOptions& options_;
};

}  // namespace

Result<void> apply_changes(ostree::Transaction& transaction, ostree::Tree& tree, const fs::path& upper,
                           const ChangeOptions& options) {
  return Changes(transaction, tree, options).apply_folder(upper, "");
}

}  // namespace stratify::image
