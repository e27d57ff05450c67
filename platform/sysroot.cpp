#include "platform/sysroot.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <system_error>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace fs = std::filesystem;

namespace {

Handle<GFile> file_for(const fs::path& path) { return Handle<GFile>(g_file_new_for_path(path.c_str())); }

Result<Handle<OstreeRepo>> open_repository(const fs::path& path) {
  Handle<OstreeRepo> repo(ostree_repo_new(file_for(path).get()));
  GlibFailure failure;
  if (!ostree_repo_open(repo.get(), nullptr, failure)) return failure.as("open repository", path);
  return repo;
}

Result<Handle<OstreeSysroot>> make_sysroot(const fs::path& path) {
  Handle<OstreeSysroot> sysroot(ostree_sysroot_new(file_for(path).get()));
  GlibFailure failure;
  if (!ostree_sysroot_ensure_initialized(sysroot.get(), nullptr, failure) ||
      !ostree_sysroot_load(sysroot.get(), nullptr, failure)) {
    return failure.as("lay out", path);
  }
  return sysroot;
}

Result<void> configure(OstreeRepo* repo, bool on_the_build_machine) {
  const KeyFile config(ostree_repo_copy_config(repo));
  g_key_file_set_string(config.get(), "sysroot", "bootloader", on_the_build_machine ? "none" : "grub2");
  g_key_file_set_boolean(config.get(), "sysroot", "readonly", TRUE);
  if (on_the_build_machine) {
    g_key_file_set_boolean(config.get(), "core", "fsync", FALSE);
  } else {
    g_key_file_remove_key(config.get(), "core", "fsync", nullptr);
  }
  GlibFailure failure;
  if (!ostree_repo_write_config(repo, config.get(), failure))
    return failure.as("configure", "the disk's repository");
  return {};
}

// libostree hard-links objects between local repositories of one mode on one file system.
Result<void> pull(OstreeRepo* repo, const FirstDeployment& wanted) {
  const auto source = "file://" + fs::absolute(wanted.repository).string();
  const char* const refs[] = {wanted.commit.hex().c_str(), nullptr};
  GVariantBuilder options;
  g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add(&options, "{sv}", "refs", g_variant_new_strv(refs, 1));
  g_variant_builder_add(&options, "{sv}", "depth", g_variant_new_int32(0));
  const Variant owned(g_variant_ref_sink(g_variant_builder_end(&options)));
  GlibFailure failure;
  if (!ostree_repo_pull_with_options(repo, source.c_str(), owned.get(), nullptr, nullptr, failure) ||
      !ostree_repo_set_ref_immediate(repo, nullptr, wanted.ref.c_str(), wanted.commit.hex().c_str(), nullptr,
                                     failure)) {
    return failure.as("pull", wanted.commit.hex());
  }
  return {};
}

std::vector<const char*> pointers(const std::vector<std::string>& strings) {
  std::vector<const char*> result;
  result.reserve(strings.size() + 1);
  for (const auto& text : strings) result.push_back(text.c_str());
  result.push_back(nullptr);
  return result;
}

Result<Handle<OstreeDeployment>> deploy(OstreeSysroot* sysroot, const FirstDeployment& wanted) {
  const KeyFile origin(ostree_sysroot_origin_new_from_refspec(sysroot, wanted.ref.c_str()));
  auto arguments = pointers(wanted.kernel_arguments);
  OstreeSysrootDeployTreeOpts options{};
  options.override_kernel_argv = const_cast<char**>(arguments.data());  // libostree only reads it
  GlibFailure failure;
  if (!ostree_sysroot_init_osname(sysroot, wanted.stateroot.c_str(), nullptr, failure)) {
    return failure.as("lay out", "stateroot " + wanted.stateroot);
  }
  Handle<OstreeDeployment> deployment;
  if (!ostree_sysroot_deploy_tree_with_options(sysroot, wanted.stateroot.c_str(), wanted.commit.hex().c_str(),
                                               origin.get(), nullptr, &options, out(deployment), nullptr,
                                               failure)) {
    return failure.as("deploy", wanted.commit.hex());
  }
  if (!ostree_sysroot_simple_write_deployment(sysroot, wanted.stateroot.c_str(), deployment.get(), nullptr,
                                              OSTREE_SYSROOT_SIMPLE_WRITE_DEPLOYMENT_FLAGS_NO_CLEAN, nullptr,
                                              failure)) {
    return failure.as("make bootable", wanted.commit.hex());
  }
  return deployment;
}

// libostree makes deployment roots immutable where it may; the tree could not be removed afterwards.
Result<void> clear_immutable(const fs::path& folder) {
  const auto fd = TRY(open_file(folder, O_RDONLY | O_DIRECTORY));
  int flags = 0;
  if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_IMMUTABLE_FL) == 0) return {};
  flags &= ~FS_IMMUTABLE_FL;
  if (::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) != 0)
    return errno_error("clear the immutable flag of", folder);
  return {};
}

}  // namespace

Result<std::string> deploy_first(const fs::path& sysroot_path, const fs::path& boot,
                                 const FirstDeployment& wanted) {
  std::error_code error;
  fs::create_symlink(fs::absolute(boot), sysroot_path / "boot", error);
  if (error) return errno_error("create", sysroot_path / "boot", error.value());
  const auto sysroot = TRY(make_sysroot(sysroot_path));
  const auto repo = TRY(open_repository(sysroot_path / "ostree/repo"));
  TRY(configure(repo.get(), true));
  TRY(pull(repo.get(), wanted));
  const auto fresh = TRY(make_sysroot(sysroot_path));  // reads the configuration that was just written
  const auto deployment = TRY(deploy(fresh.get(), wanted));
  const GlibString folder(ostree_sysroot_get_deployment_dirpath(fresh.get(), deployment.get()));
  TRY(clear_immutable(sysroot_path / folder.get()));
  TRY(configure(repo.get(), false));
  return fs::path(folder.get()).filename().string();
}

Result<void> remove_sysroot(const fs::path& sysroot) {
  std::error_code error;
  for (const auto& stateroot : fs::directory_iterator(sysroot / "ostree/deploy", error)) {
    for (const auto& deployment : fs::directory_iterator(stateroot.path() / "deploy", error)) {
      if (deployment.is_directory(error)) TRY(clear_immutable(deployment.path()));
    }
  }
  return remove_tree(sysroot);
}

Result<std::uint64_t> commit_time(const fs::path& repository, const Sha256& commit) {
  const auto repo = TRY(open_repository(repository));
  const auto object = TRY(load(repo.get(), OSTREE_OBJECT_TYPE_COMMIT, commit));
  return ostree_commit_get_timestamp(object.get());
}

}  // namespace stratify::ostree
