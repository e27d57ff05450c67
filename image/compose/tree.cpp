#include "image/compose/tree.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "image/compose/configure.hpp"
#include "image/compose/dpkg_database.hpp"
#include "image/compose/overlay.hpp"
#include "image/diversions.hpp"
#include "image/unpack.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace {

// Raised when the same packages and recipe would give another tree.
constexpr std::string_view kComposeFormat = "4";

// Left behind by composing and never part of a tree.
constexpr std::array kDropped = {"/run/**",
                                 "/tmp/**",
                                 "/dev/**",
                                 "/proc/**",
                                 "/sys/**",
                                 "/var/cache/**",
                                 "/var/log/**",
                                 "/var/lib/dpkg/lock*",
                                 "/var/lib/dpkg/*-old",
                                 "/var/lib/dpkg/available",
                                 "/var/lib/dpkg/triggers/Lock",
                                 "/var/lib/dpkg/updates/**",
                                 "/etc/machine-id",
                                 "/etc/.pwd.lock",
                                 "/etc/passwd-",
                                 "/etc/group-",
                                 "/etc/shadow-",
                                 "/etc/gshadow-",
                                 "/etc/subuid-",
                                 "/etc/subgid-",
                                 "/etc/ssh/ssh_host_*",
                                 "/var/lib/systemd/random-seed",
                                 "/root/**"};

bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.starts_with("**")) {
    for (std::size_t skip = 0; skip <= path.size(); ++skip) {
      if (matches(pattern.substr(2), path.substr(skip))) return true;
    }
    return false;
  }
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= path.size(); ++skip) {
      if (matches(pattern.substr(1), path.substr(skip))) return true;
      if (skip < path.size() && path[skip] == '/') return false;
    }
    return false;
  }
  return !path.empty() && pattern.front() == path.front() && matches(pattern.substr(1), path.substr(1));
}

bool is_dropped(std::string_view path) {
  return std::ranges::any_of(kDropped, [&](std::string_view pattern) { return matches(pattern, path); });
}

Result<std::vector<UnpackedPackage>> unpacked(const ostree::Repository& repository,
                                              const std::vector<LockedPackage>& packages) {
  std::vector<UnpackedPackage> result;
  for (const auto& package : packages) {
    const auto commit = TRY(find_unpacked(repository, package.sha256));
    if (!commit) return fail(Category::kNotFound, "compose", package.name, "it has not been unpacked");
    result.push_back({package.name, *commit, TRY(repository.read_file(*commit, "/control/control"))});
  }
  return result;
}

// Excluded kernel modules are left out at once, so that depmod(8) indexes what is there.
Result<ostree::Tree> unite(const ostree::Repository& repository, ostree::Transaction& transaction,
                           const TreeRecipe& recipe, const std::vector<UnpackedPackage>& packages) {
  ostree::Tree tree;
  TRY(tree.set_folder("/", TRY(transaction.write_folder({.mode = 0755}))));
  const auto keep = [&](std::string_view path, ostree::Kind kind) {
    const bool is_module = kind == ostree::Kind::kFile && path.starts_with("/usr/lib/modules/");
    return !is_module || is_kept(recipe.exclude, path);
  };
  for (const auto& package : packages) {
    // A package that Replaces another may own its files (Debian policy 7.6).
    const bool replaces = !control_field(package.control, "Replaces").empty();
    const auto merged =
        tree.merge(repository, package.commit,
                   {.from = "/data",
                    .files = replaces ? ostree::OnConflict::kReplace : ostree::OnConflict::kRefuse,
                    .keep = keep});
    if (!merged) return std::unexpected(merged.error().in("package " + package.name));
  }
  return tree;
}

// Removes what is in one package's tree and in no kept package's; afterwards the folders this left empty.
class Removal {
 public:
  Removal(const ostree::Repository& repository, ostree::Tree& tree) : repository_(repository), tree_(tree) {}

  Result<void> run(const std::vector<UnpackedPackage>& removed, const std::vector<UnpackedPackage>& kept) {
    for (const auto& package : kept) {
      const auto data = TRY(ostree::Tree::of_commit(repository_, package.commit, "/data"));
      TRY(collect(data, "", kept_));
    }
    for (const auto& package : removed) {
      const auto data = TRY(ostree::Tree::of_commit(repository_, package.commit, "/data"));
      TRY(remove_files(data, ""));
      for (const auto& suffix : {"list", "md5sums", "conffiles", "triggers", "shlibs", "symbols", "templates",
                                 "config", "preinst", "postinst", "prerm", "postrm"}) {
        TRY(remove("/var/lib/dpkg/info/" + package.info_name() + "." + suffix));
      }
    }
    return {};
  }

 private:
  static Result<void> collect(const ostree::Tree& data, const std::string& folder,
                              std::set<std::string>& paths) {
    for (const auto& name : TRY(data.names(folder))) {
      const auto path = folder + "/" + name;
      paths.insert(path);
      const auto found = TRY(data.find(path));
      if (found && found->kind == ostree::Kind::kFolder) TRY(collect(data, path, paths));
    }
    return {};
  }

  Result<void> remove_files(const ostree::Tree& data, const std::string& folder) {
    for (const auto& name : TRY(data.names(folder))) {
      const auto path = folder + "/" + name;
      const auto found = TRY(data.find(path));
      const bool is_folder = found && found->kind == ostree::Kind::kFolder;
      if (is_folder) TRY(remove_files(data, path));
      if (kept_.contains(path)) continue;
      if (!is_folder || TRY(is_empty(path))) TRY(remove(path));
    }
    return {};
  }

  Result<bool> is_empty(const std::string& path) {
    const auto found = TRY(tree_.find(path));
    if (!found || found->kind != ostree::Kind::kFolder) return false;
    return TRY(tree_.names(path)).empty();
  }

  Result<void> remove(const std::string& path) {
    return TRY(tree_.find(path)) ? tree_.remove(path) : Result<void>();
  }

  const ostree::Repository& repository_;
  ostree::Tree& tree_;
  std::set<std::string> kept_;
};

Result<void> remove_packages(const ComposeEnvironment& environment, ostree::Transaction& transaction,
                             ostree::Tree& tree, const TreeRecipe& recipe,
                             const std::vector<UnpackedPackage>& packages) {
  const std::set<std::string> names(recipe.remove.begin(), recipe.remove.end());
  std::vector<UnpackedPackage> removed;
  std::vector<UnpackedPackage> kept;
  for (const auto& package : packages) (names.contains(package.name) ? removed : kept).push_back(package);
  TRY(Removal(environment.repository, tree).run(removed, kept));
  const auto status = TRY(tree.find("/var/lib/dpkg/status"));
  if (!status)
    return fail(Category::kNotFound, "read", "/var/lib/dpkg/status", "the tree has no package database");
  const auto text = without_packages(TRY(environment.repository.read_object(status->checksum)), names);
  return tree.replace_file("/var/lib/dpkg/status", TRY(transaction.write_file({}, text)));
}

// Drops what the recipe excludes. Only now, because maintainer scripts may need what nobody needs later.
Result<void> drop_excluded(ostree::Tree& tree, const std::vector<std::string>& exclude,
                           const std::string& folder) {
  for (const auto& name : TRY(tree.names(folder))) {
    const auto path = folder + "/" + name;
    const auto found = TRY(tree.find(path));
    const bool is_folder = found && found->kind == ostree::Kind::kFolder;
    if (is_folder) TRY(drop_excluded(tree, exclude, path));
    // A folder stays when something below it does.
    if (!is_kept(exclude, path) && (!is_folder || TRY(tree.names(path)).empty())) TRY(tree.remove(path));
  }
  return {};
}

// A diversion that a script makes comes too late for files that are in place.
Result<void> check_diverted(const ostree::Repository& repository, const Overlay& overlay,
                            const std::vector<UnpackedPackage>& packages) {
  const auto diversions = overlay.merged() / "var/lib/dpkg/diversions";
  if (!std::filesystem::exists(diversions)) return {};
  std::vector<std::pair<std::string, Sha256>> commits;
  commits.reserve(packages.size());
  for (const auto& package : packages) commits.emplace_back(package.name, package.commit);
  return check_diversions(repository, TRY(parse_diversions(TRY(read_file(diversions)))), commits);
}

// Checks the union out and lets the scripts run over it; what they changed goes into tree.
Result<void> run_scripts(const ComposeEnvironment& environment, ostree::Transaction& transaction,
                         ostree::Tree& tree, const TreeRecipe& recipe,
                         const std::vector<UnpackedPackage>& packages, const Sha256& united) {
  const auto folder = TRY(TemporaryFolder::create(environment.work, "compose"));
  const auto lower = folder.path() / "lower";
  TRY(environment.repository.checkout(united, lower));
  const auto overlay = TRY(Overlay::mount(lower, folder.path()));
  TRY(configure_packages(environment, overlay, recipe.name));
  TRY(check_diverted(environment.repository, overlay, packages));
  const auto passwd = TRY(read_file(overlay.merged() / "etc/passwd"));
  const auto group = TRY(read_file(overlay.merged() / "etc/group"));
  return apply_changes(transaction, tree, overlay.upper(),
                       {.keep = [](std::string_view path) { return !is_dropped(path); },
                        .ids = TRY(Renumbering::plan(recipe.ids, passwd, group))});
}

Result<Sha256> commit_tree(ostree::Transaction& transaction, const ostree::Tree& tree,
                           const std::string& ref) {
  const auto root = TRY(transaction.write_tree(tree));
  const auto commit = TRY(transaction.write_commit(root, {.subject = ref}));
  transaction.set_ref(ref, commit);
  return commit;
}

}  // namespace

bool is_kept(const std::vector<std::string>& exclude, std::string_view path) {
  bool kept = true;
  for (std::string_view pattern : exclude) {
    const bool keeps = pattern.starts_with('!');
    if (keeps) pattern.remove_prefix(1);
    if (matches(pattern, path)) kept = keeps;
  }
  return kept;
}

std::string tree_ref(const TreeRecipe& recipe, const std::vector<LockedPackage>& packages) {
  Sha256Stream key;
  key.field(kComposeFormat).field(recipe.name);
  for (const auto& package : packages) key.field(package.sha256.hex());
  for (const auto& name : recipe.remove) key.field("-" + name);
  for (const auto& pattern : recipe.exclude) key.field("x" + pattern);
  for (const auto& [name, id] : recipe.ids.users) key.field("u" + name).field(std::to_string(id));
  for (const auto& [name, id] : recipe.ids.groups) key.field("g" + name).field(std::to_string(id));
  return "tree/" + recipe.name + "/" + key.finish().hex();
}

Result<Sha256> compose_tree(const ComposeEnvironment& environment, const TreeRecipe& recipe,
                            const std::vector<LockedPackage>& packages) {
  const auto ref = tree_ref(recipe, packages);
  if (const auto found = TRY(environment.repository.resolve_usable(ref))) {
    environment.on_packages(packages.size());
    return *found;
  }

  const auto debs = TRY(unpacked(environment.repository, packages));
  environment.on_step("uniting " + std::to_string(debs.size()) + " packages");
  auto first = TRY(environment.repository.begin());
  auto tree = TRY(unite(environment.repository, first, recipe, debs));
  TRY(write_dpkg_database(environment.repository, first, tree, debs));
  const auto united = TRY(commit_tree(first, tree, "united/" + recipe.name));
  TRY(first.commit());

  environment.on_step("configuring");
  auto second = TRY(environment.repository.begin());
  auto composed = TRY(ostree::Tree::of_commit(environment.repository, united));
  TRY(run_scripts(environment, second, composed, recipe, debs, united));
  TRY(remove_packages(environment, second, composed, recipe, debs));
  TRY(drop_excluded(composed, recipe.exclude, ""));
  const auto commit = TRY(commit_tree(second, composed, ref));
  second.delete_ref("united/" + recipe.name);
  TRY(second.commit());
  return commit;
}

}  // namespace stratify::image
