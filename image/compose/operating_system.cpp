#include "image/compose/operating_system.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <format>
#include <set>
#include <sstream>
#include <utility>

#include "image/compose/initramfs.hpp"
#include "image/compose/overlay.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

// State of composing below /var: dpkg's database moves to /usr, the rest says nothing about a running
// machine.
constexpr std::array kNotState = {"/dpkg",
                                  "/apt",
                                  "/ucf",
                                  "/pam",
                                  "/python",
                                  "/systemd/deb-systemd-helper-enabled",
                                  "/systemd/deb-systemd-user-helper-enabled",
                                  "/shells.state",
                                  "/dhcpcd",
                                  "/systemd/catalog",
                                  "/private"};

bool is_state(std::string_view path) {
  if (!path.starts_with("/lib/")) return !path.starts_with("/cache/") && !path.starts_with("/log/");
  const auto below = path.substr(4);
  return std::ranges::none_of(kNotState, [&](std::string_view name) {
    return below == name || (below.starts_with(name) && below[name.size()] == '/');
  });
}

// Paths that tmpfiles.d text already has lines for.
std::set<std::string> mentioned(const std::string& text) {
  std::set<std::string> paths;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string type;
    std::string path;
    words >> type >> path;
    if (!path.starts_with('/')) continue;
    while (path.ends_with('/')) path.pop_back();
    paths.insert(path);
  }
  return paths;
}

class Finish {
 public:
  Finish(const ComposeEnvironment& environment, ostree::Transaction& transaction, Sha256 os,
         ostree::Tree tree, Sha256 folder)
      : environment_(environment),
        transaction_(transaction),
        os_(std::move(os)),
        tree_(std::move(tree)),
        folder_(std::move(folder)) {}

  Result<ostree::Tree> run(const fs::path& initramfs) {
    TRY(settle_users_and_presets());
    TRY(move_kernel(initramfs));
    TRY(move_var());
    TRY(tree_.merge(environment_.repository, TRY(commit_of_etc()), {.at = "/usr/etc"}));
    TRY(drop("/etc"));
    TRY(lay_root());
    return std::move(tree_);
  }

 private:
  Result<void> drop(const std::string& path) {
    return TRY(tree_.find(path)) ? tree_.remove(path) : Result<void>();
  }

  Result<void> put(const std::string& path, std::string_view content, std::uint32_t mode = 0644) {
    TRY(tree_.ensure_folder(path.substr(0, path.rfind('/')), folder_));
    return tree_.replace_file(path, TRY(transaction_.write_file({.mode = mode}, content)));
  }

  Result<void> link(const std::string& path, const std::string& target) {
    TRY(drop(path));
    return tree_.replace_file(path, TRY(transaction_.write_symlink({}, target)));
  }

  // systemctl(1) and systemd-sysusers(8) work on a folder as well as on a running system. They see an overlay
  // of the few folders they read.
  Result<void> settle_users_and_presets() {
    const auto work = TRY(TemporaryFolder::create(environment_.work, "settle"));
    const auto lower = work.path() / "lower";
    TRY(make_folders(lower / "usr/lib"));
    for (const std::string from : {"/etc", "/usr/lib/systemd", "/usr/lib/sysusers.d"}) {
      if (TRY(tree_.find(from)))
        TRY(environment_.repository.checkout(os_, lower / from.substr(1), {.from = from}));
    }
    const auto overlay = TRY(Overlay::mount(lower, work.path()));
    const auto root = "--root=" + overlay.merged().string();
    const std::map<std::string, std::string> date = {{"SOURCE_DATE_EPOCH", std::to_string(kSourceDate)}};
    TRY(run_checked(environment_.runner, {.arguments = {"systemd-sysusers", root}, .environment = date}));
    for (const auto* whose : {"--system", "--global"}) {
      TRY(run_checked(environment_.runner,
                      {.arguments = {"systemctl", root, whose, "preset-all"}, .environment = date}));
    }
    const std::set<std::string> backups = {"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-",
                                           "/etc/.pwd.lock"};
    return apply_changes(transaction_, tree_, overlay.upper(), {.keep = [&](std::string_view path) {
                           return !backups.contains(std::string(path));
                         }});
  }

  Result<void> move_kernel(const fs::path& initramfs) {
    const auto release = TRY(kernel_release(environment_.repository, os_));
    const auto folder = "/usr/lib/modules/" + release;
    const auto kernel = TRY(tree_.find("/boot/vmlinuz-" + release));
    if (!kernel)
      return fail(Category::kNotFound, "find", "/boot/vmlinuz-" + release, "the kernel package has no image");
    TRY(tree_.replace_file(folder + "/vmlinuz", kernel->checksum));
    const auto fd = TRY(open_file(initramfs, O_RDONLY));
    TRY(tree_.replace_file(folder + "/initramfs.img",
                           TRY(transaction_.write_file({}, fd.get(), fs::file_size(initramfs)))));
    TRY(drop("/boot"));
    return tree_.set_folder("/boot", folder_);
  }

  Result<void> move_var() {
    std::string already;
    const auto tmpfiles = TRY(ostree::Tree::of_commit(environment_.repository, os_, "/usr/lib/tmpfiles.d"));
    for (const auto& name : TRY(tmpfiles.names("/"))) {
      already += TRY(environment_.repository.read_file(os_, "/usr/lib/tmpfiles.d/" + name));
    }
    const auto var = TRY(environment_.repository.list(os_, "/var"));
    for (const auto& entry : var) {
      if (entry.kind != ostree::Kind::kFile || !is_state(entry.path)) continue;
      const auto at = "/usr/share/factory/var" + entry.path;
      TRY(tree_.ensure_folder(at.substr(0, at.rfind('/')), folder_));
      TRY(tree_.replace_file(at, entry.checksum));
    }
    // dpkg's own lines make what moves to /usr here.
    TRY(drop("/usr/lib/tmpfiles.d/dpkg.conf"));
    TRY(put("/usr/lib/tmpfiles.d/openhaven-var.conf", var_tmpfiles(var, already)));
    TRY(tree_.ensure_folder("/usr/lib/sysimage/dpkg", folder_));
    TRY(tree_.merge(environment_.repository, os_, {.from = "/var/lib/dpkg", .at = "/usr/lib/sysimage/dpkg"}));
    TRY(drop("/var"));
    return tree_.set_folder("/var", folder_);
  }

  // merge() takes commits, and /etc has just been changed.
  Result<Sha256> commit_of_etc() {
    TRY(drop("/etc/machine-id"));
    TRY(put("/etc/machine-id", "", 0444));
    auto etc = TRY(transaction_.write_tree(tree_));
    const auto whole = TRY(transaction_.write_commit(etc, {}));
    auto only = TRY(ostree::Tree::of_commit(environment_.repository, whole, "/etc"));
    return transaction_.write_commit(TRY(transaction_.write_tree(only)), {});
  }

  // The top folder as OSTree deployments have it: state below /var, the repository reachable at /ostree.
  Result<void> lay_root() {
    // The kernel package's links to the newest kernel lead nowhere here: boot entries name their own.
    for (const auto* name : {"/vmlinuz", "/vmlinuz.old", "/initrd.img", "/initrd.img.old"}) TRY(drop(name));
    constexpr std::array<std::pair<const char*, const char*>, 7> kLinks = {{{"/ostree", "sysroot/ostree"},
                                                                            {"/home", "var/home"},
                                                                            {"/root", "var/roothome"},
                                                                            {"/srv", "var/srv"},
                                                                            {"/opt", "var/opt"},
                                                                            {"/mnt", "var/mnt"},
                                                                            {"/media", "run/media"}}};
    for (const auto& [path, target] : kLinks) TRY(link(path, target));
    TRY(link("/usr/local", "../var/usrlocal"));
    for (const auto* name : {"/dev", "/proc", "/run", "/sys", "/sysroot"})
      TRY(tree_.set_folder(name, folder_));
    return tree_.set_folder("/tmp", TRY(transaction_.write_folder({.mode = 01777})));
  }

  const ComposeEnvironment& environment_;
  ostree::Transaction& transaction_;
  Sha256 os_;
  ostree::Tree tree_;
  Sha256 folder_;
};

}  // namespace

std::string var_tmpfiles(const std::vector<ostree::Entry>& var, const std::string& already) {
  // What the links of the root folder point at, and dpkg's database for programs that look for it.
  std::string text =
      "# The content of /var, made again wherever it is missing.\n"
      "d /var/home 0755 0 0 -\nd /var/roothome 0700 0 0 -\nd /var/srv 0755 0 0 -\nd /var/opt 0755 0 0 -\n"
      "d /var/mnt 0755 0 0 -\nd /var/usrlocal 0755 0 0 -\nd /run/media 0755 0 0 -\n"
      "L /var/lib/dpkg - - - - ../../usr/lib/sysimage/dpkg\n";
  auto known = mentioned(already);
  known.merge(mentioned(text));
  for (const auto& entry : var) {
    const auto path = "/var" + entry.path;
    if (!is_state(entry.path) || known.contains(path)) continue;
    const auto& attributes = entry.attributes;
    switch (entry.kind) {
      case ostree::Kind::kFolder:
        text += std::format("d {} {:04o} {} {} -\n", path, attributes.mode, attributes.uid, attributes.gid);
        break;
      case ostree::Kind::kSymlink:
        text += std::format("L {} - - - - {}\n", path, entry.target);
        break;
      case ostree::Kind::kFile:
        text += std::format("C {} {:04o} {} {} -\n", path, attributes.mode, attributes.uid, attributes.gid);
        break;
    }
  }
  return text;
}

Result<ostree::Tree> finish_operating_system(const ComposeEnvironment& environment,
                                             ostree::Transaction& transaction, const Sha256& os,
                                             const fs::path& initramfs) {
  auto tree = TRY(ostree::Tree::of_commit(environment.repository, os));
  const auto folder = TRY(transaction.write_folder({.mode = 0755}));
  TRY(tree.ensure_folder("/usr/etc", folder));
  return Finish(environment, transaction, os, std::move(tree), folder).run(initramfs);
}

}  // namespace stratify::image
