#include "platform/running_sysroot.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <set>
#include <thread>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace fs = std::filesystem;

namespace {

using Deployments = Owned<GPtrArray, g_ptr_array_unref>;
using Arguments = Owned<OstreeKernelArgs, ostree_kernel_args_free>;
using Strings = Owned<char*, g_strfreev>;

Deployments deployments_of(OstreeSysroot* sysroot) {
  return Deployments(ostree_sysroot_get_deployments(sysroot));
}

OstreeDeployment* at(const Deployments& all, guint index) {
  return static_cast<OstreeDeployment*>(g_ptr_array_index(all.get(), index));
}

Deployments new_list() { return Deployments(g_ptr_array_new_with_free_func(g_object_unref)); }
void append(const Deployments& list, OstreeDeployment* one) {
  g_ptr_array_add(list.get(), g_object_ref(one));
}

std::string id_of(OstreeDeployment* deployment) {
  return std::string(ostree_deployment_get_csum(deployment)) + "." +
         std::to_string(ostree_deployment_get_deployserial(deployment));
}

std::string refspec_of(OstreeDeployment* deployment) {
  auto* origin = ostree_deployment_get_origin(deployment);
  const GlibString refspec(origin == nullptr ? nullptr
                                             : g_key_file_get_string(origin, "origin", "refspec", nullptr));
  return refspec ? refspec.get() : "";
}

std::string version_of(GVariant* commit) {
  const Variant metadata(g_variant_get_child_value(commit, 0));
  const char* version = nullptr;
  return g_variant_lookup(metadata.get(), "version", "&s", &version) ? version : "";
}

// The deployment that /etc and the kernel arguments are taken from.
OstreeDeployment* merged_from(OstreeSysroot* sysroot, const Deployments& all) {
  if (auto* booted = ostree_sysroot_get_booted_deployment(sysroot)) return booted;
  for (guint i = 0; i < all->len; ++i) {
    if (!ostree_deployment_is_staged(at(all, i))) return at(all, i);
  }
  return nullptr;
}

// Versions from before they brought any have none.
Result<std::vector<std::string>> arguments_brought_by(const fs::path& repository, const Sha256& commit) {
  const auto text = TRY(Repository::open(repository)).read_file(commit, kKernelArgumentsFile);
  if (!text && text.error().category() != Category::kNotFound) return std::unexpected(text.error());
  std::vector<std::string> arguments;
  for (const auto line : std::views::split(text.value_or(""), '\n'))
    if (!line.empty()) arguments.emplace_back(line.begin(), line.end());
  return arguments;
}

// Of the deployment before, with what the new version wants in place of what the old one wanted. libostree
// adds "ostree=" of the new deployment itself.
Result<Strings> kernel_arguments_after(OstreeDeployment* deployment, const fs::path& repository,
                                       const Sha256& commit) {
  auto* entry = ostree_deployment_get_bootconfig(deployment);
  const auto* options = entry == nullptr ? nullptr : ostree_bootconfig_parser_get(entry, "options");
  const Arguments arguments(ostree_kernel_args_from_string(options == nullptr ? "" : options));
  const auto before = Sha256::parse(ostree_deployment_get_csum(deployment)).value();
  const auto gone = TRY(arguments_brought_by(repository, before));
  const auto come = TRY(arguments_brought_by(repository, commit));
  GlibFailure failure;
  for (const auto& one : gone) {
    if (std::ranges::contains(come, one)) continue;
    if (!ostree_kernel_args_delete_if_present(arguments.get(), one.c_str(), failure))
      return failure.as("remove the kernel argument", one);
  }
  for (const auto& one : come)
    if (!std::ranges::contains(gone, one)) ostree_kernel_args_append_if_missing(arguments.get(), one.c_str());
  return Strings(ostree_kernel_args_to_strv(arguments.get()));
}

KeyFile origin_for(OstreeSysroot* sysroot, const std::string& refspec) {
  return KeyFile(ostree_sysroot_origin_new_from_refspec(sysroot, refspec.c_str()));
}

Result<void> read_deployments(OstreeSysroot* sysroot, const fs::path& path) {
  GlibFailure failure;
  if (!ostree_sysroot_load(sysroot, nullptr, failure)) return failure.as("read the deployments of", path);
  return {};
}

// libostree reads the deployments anew when this folder has changed, and changes it whenever it writes; but
// not for what is only in /run.
Result<void> reload(OstreeSysroot* sysroot, const fs::path& path) {
  const auto folder = path / "ostree/deploy";
  if (::utimensat(AT_FDCWD, folder.c_str(), nullptr, 0) != 0) return errno_error("touch", folder);
  return read_deployments(sysroot, path);
}

Result<void> write(OstreeSysroot* sysroot, const Deployments& wanted, const fs::path& path) {
  OstreeSysrootWriteDeploymentsOpts options{};
  GlibFailure failure;
  if (!ostree_sysroot_write_deployments_with_options(sysroot, wanted.get(), &options, nullptr, failure))
    return failure.as("write the boot menu of", path);
  return read_deployments(sysroot, path);
}

// There is no call of libostree that waits for so long and no longer.
Result<void> lock(OstreeSysroot* sysroot, const fs::path& path, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause{50};
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    gboolean acquired = FALSE;
    GlibFailure failure;
    if (!ostree_sysroot_try_lock(sysroot, &acquired, failure)) return failure.as("lock", path);
    if (acquired) return {};
    if (std::chrono::steady_clock::now() >= end) break;
    std::this_thread::sleep_for(kPause);
  }
  return fail(Category::kConflict, "lock", path,
              "another program is changing the deployments; try again when it has ended");
}

}  // namespace

void RunningSysroot::Unlock::operator()(OstreeSysroot* sysroot) const { ostree_sysroot_unlock(sysroot); }

RunningSysroot::RunningSysroot(fs::path path, Handle<OstreeSysroot> sysroot)
    : path_(std::move(path)), sysroot_(std::move(sysroot)), lock_(sysroot_.get()) {}

Result<RunningSysroot> RunningSysroot::open(const fs::path& path, const SysrootOptions& options) {
  const auto absolute = fs::absolute(path);
  const Handle<GFile> file(g_file_new_for_path(absolute.c_str()));
  Handle<OstreeSysroot> sysroot(ostree_sysroot_new(file.get()));
  if (absolute == "/") ostree_sysroot_set_mount_namespace_in_use(sysroot.get());
  GlibFailure failure;
  if (!ostree_sysroot_initialize(sysroot.get(), failure)) return failure.as("open the deployments of", path);
  TRY(lock(sysroot.get(), absolute, options.patience));
  RunningSysroot locked(absolute, std::move(sysroot));
  TRY(read_deployments(locked.sysroot_.get(), absolute));
  return locked;
}

Result<Deployment> RunningSysroot::describe(OstreeDeployment* deployment) const {
  const GlibString folder(ostree_sysroot_get_deployment_dirpath(sysroot_.get(), deployment));
  Deployment result{.id = id_of(deployment),
                    .commit = checksum(ostree_deployment_get_csum(deployment)),
                    .version = {},
                    .booted = deployment == ostree_sysroot_get_booted_deployment(sysroot_.get()),
                    .staged = ostree_deployment_is_staged(deployment) != FALSE,
                    .locked = ostree_deployment_is_finalization_locked(deployment) != FALSE,
                    .pinned = ostree_deployment_is_pinned(deployment) != FALSE,
                    .refspec = refspec_of(deployment),
                    .root = path_ / folder.get()};
  const auto commit =
      ostree::load(ostree_sysroot_repo(sysroot_.get()), OSTREE_OBJECT_TYPE_COMMIT, result.commit);
  if (!commit && commit.error().category() == Category::kNotFound) return result;
  if (!commit) return std::unexpected(commit.error());
  result.version = version_of(commit->get());
  result.timestamp = ostree_commit_get_timestamp(commit->get());
  return result;
}

Result<std::vector<Deployment>> RunningSysroot::deployments() const {
  const auto all = deployments_of(sysroot_.get());
  std::vector<Deployment> result;
  result.reserve(all->len);
  for (guint i = 0; i < all->len; ++i) result.push_back(TRY(describe(at(all, i))));
  return result;
}

Result<Deployment> RunningSysroot::stage(const Sha256& commit, const std::string& refspec) {
  auto* booted = ostree_sysroot_get_booted_deployment(sysroot_.get());
  if (booted == nullptr) {
    return fail(Category::kConflict, "stage", commit.hex(),
                "this system was not started from " + path_.string() + "; deploy it there instead");
  }
  const auto arguments = TRY(kernel_arguments_after(booted, repository(), commit));
  OstreeSysrootDeployTreeOpts options{};
  options.locked = TRUE;
  options.override_kernel_argv = arguments.get();
  Handle<OstreeDeployment> staged;
  GlibFailure failure;
  if (!ostree_sysroot_stage_tree_with_options(sysroot_.get(), ostree_deployment_get_osname(booted),
                                              commit.hex().c_str(), origin_for(sysroot_.get(), refspec).get(),
                                              booted, &options, out(staged), nullptr, failure)) {
    return failure.as("stage", commit.hex());
  }
  TRY(reload(sysroot_.get(), path_));
  auto* now = ostree_sysroot_get_staged_deployment(sysroot_.get());
  if (now == nullptr)
    return fail(Category::kConflict, "stage", commit.hex(), "another program dropped it at once");
  return describe(now);
}

Result<void> RunningSysroot::unlock_staged() {
  auto* staged = ostree_sysroot_get_staged_deployment(sysroot_.get());
  if (staged == nullptr)
    return fail(Category::kNotFound, "unlock", "the staged version", "nothing is staged; begin again");
  if (!ostree_deployment_is_finalization_locked(staged)) return {};
  GlibFailure failure;
  if (!ostree_sysroot_change_finalization(sysroot_.get(), staged, failure))
    return failure.as("unlock", id_of(staged));
  return reload(sysroot_.get(), path_);
}

Result<void> RunningSysroot::drop_staged() {
  if (ostree_sysroot_get_staged_deployment(sysroot_.get()) == nullptr) return {};
  const auto all = deployments_of(sysroot_.get());
  const auto kept = new_list();
  for (guint i = 0; i < all->len; ++i) {
    if (!ostree_deployment_is_staged(at(all, i))) append(kept, at(all, i));
  }
  return write(sysroot_.get(), kept, path_);
}

Result<std::string> RunningSysroot::deploy(const Sha256& commit, const std::string& refspec) {
  const auto all = deployments_of(sysroot_.get());
  auto* merge = merged_from(sysroot_.get(), all);
  if (merge == nullptr)
    return fail(Category::kNotFound, "deploy", commit.hex(), "no version is installed in " + path_.string());
  const auto arguments = TRY(kernel_arguments_after(merge, repository(), commit));
  OstreeSysrootDeployTreeOpts options{};
  options.override_kernel_argv = arguments.get();
  Handle<OstreeDeployment> fresh;
  GlibFailure failure;
  if (!ostree_sysroot_deploy_tree_with_options(
          sysroot_.get(), ostree_deployment_get_osname(merge), commit.hex().c_str(),
          origin_for(sysroot_.get(), refspec).get(), merge, &options, out(fresh), nullptr, failure)) {
    return failure.as("deploy", commit.hex());
  }
  const auto wanted = new_list();
  append(wanted, fresh.get());
  for (guint i = 0; i < all->len; ++i) append(wanted, at(all, i));
  TRY(write(sysroot_.get(), wanted, path_));
  return id_of(fresh.get());
}

Result<void> RunningSysroot::order(const std::vector<std::string>& ids) {
  const auto all = deployments_of(sysroot_.get());
  const auto wanted = new_list();
  // libostree keeps what is staged only when it comes first.
  if (auto* staged = ostree_sysroot_get_staged_deployment(sysroot_.get())) append(wanted, staged);
  std::set<std::string> taken;
  for (const auto& id : ids) {
    OstreeDeployment* found = nullptr;
    for (guint i = 0; i < all->len; ++i) {
      if (!ostree_deployment_is_staged(at(all, i)) && id_of(at(all, i)) == id) found = at(all, i);
    }
    if (found == nullptr) return fail(Category::kNotFound, "order", id, "it is not in the boot menu");
    if (!taken.insert(id).second) return fail(Category::kInvalidInput, "order", id, "it is named twice");
    append(wanted, found);
  }
  auto* booted = ostree_sysroot_get_booted_deployment(sysroot_.get());
  if (booted != nullptr && !taken.contains(id_of(booted)))
    return fail(Category::kInvalidInput, "order", id_of(booted),
                "it is running and has to stay in the boot menu");
  if (taken.empty())
    return fail(Category::kInvalidInput, "order", path_, "a boot menu without any version starts nothing");
  return write(sysroot_.get(), wanted, path_);
}

Result<void> RunningSysroot::clean_up() {
  GlibFailure failure;
  if (!ostree_sysroot_cleanup(sysroot_.get(), nullptr, failure)) return failure.as("clean up", path_);
  return {};
}

fs::path RunningSysroot::repository() const { return path_ / "ostree/repo"; }

}  // namespace stratify::ostree
