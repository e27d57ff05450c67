// The deployments of a machine that is installed: what its disk holds, what its boot menu offers
// (ostree-sysroot). For the first one of a disk see platform/sysroot.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/ostree.hpp"

struct _OstreeDeployment;  // NOLINT(bugprone-reserved-identifier): libostree's own name
struct OstreeSysroot;

namespace stratify::ostree {

// In each version: the kernel arguments that it wants, one a line. They take the place of those that the
// version before wanted; what an owner added stays.
inline constexpr const char* kKernelArgumentsFile = "/usr/lib/openhaven/kernel-arguments";

struct Deployment {
  std::string id;  // "<commit>.<serial>", its folder's name
  Sha256 commit;
  std::string version;  // "version" of the commit's metadata, empty when the commit is not known any more
  std::uint64_t timestamp = 0;  // of the commit; seconds since the epoch
  bool booted = false;
  bool staged = false;
  bool locked = false;         // staged, and not to become the first by itself when the machine goes down
  bool pinned = false;         // never dropped
  std::string refspec;         // what it follows
  std::filesystem::path root;  // its folder, absolute
};

struct SysrootOptions {
  std::chrono::milliseconds patience{10000};  // for another process that has it
};

// Has libostree's lock as long as it lives, so that no other process changes deployments. Move-only.
class RunningSysroot {
 public:
  RunningSysroot(RunningSysroot&&) = default;
  RunningSysroot& operator=(RunningSysroot&&) = delete;
  RunningSysroot(const RunningSysroot&) = delete;
  RunningSysroot& operator=(const RunningSysroot&) = delete;
  ~RunningSysroot() = default;

  // With "/" it is the running machine's. Its /sysroot and /boot may be mounted read-only: libostree mounts
  // them writable for this process, which therefore has to be in a mount namespace of its own (systemd:
  // PrivateMounts=yes or ProtectSystem=) unless it is the only one to see them. kConflict when another
  // process has kept it for longer than options.patience.
  [[nodiscard]] static Result<RunningSysroot> open(const std::filesystem::path& sysroot = "/",
                                                   const SysrootOptions& options = {});

  // In the order of the boot menu; a staged one comes first and is not in the menu yet.
  [[nodiscard]] Result<std::vector<Deployment>> deployments() const;

  // Lays a commit of the repository out beside the running one, staged and locked: no restart turns to it by
  // itself. In place of one that was staged before. Its /etc will be that of the booted deployment, carried
  // over when it is finalized, at shutdown; its kernel arguments too, but for those that versions bring.
  // kConflict when nothing is booted from this sysroot.
  [[nodiscard]] Result<Deployment> stage(const Sha256& commit, const std::string& refspec);
  // What is staged becomes the first when the machine goes down. kNotFound when nothing is staged.
  [[nodiscard]] Result<void> unlock_staged();
  // Forgets what is staged. None is no error.
  [[nodiscard]] Result<void> drop_staged();

  // Lays a commit out and makes it the first of the boot menu at once, without staging: /etc and kernel
  // arguments (but for those that versions bring) are those of the booted deployment, or else of the first.
  // All other deployments stay behind it. Returns its id.
  [[nodiscard]] Result<std::string> deploy(const Sha256& commit, const std::string& refspec);

  // Writes a boot menu of exactly these deployments in this order; all others are dropped from it, but lie on
  // the disk until clean_up(). What is staged stays staged and is not named. kNotFound for an unknown id,
  // kInvalidInput without the booted deployment or with one twice.
  [[nodiscard]] Result<void> order(const std::vector<std::string>& ids);

  // Removes what no deployment needs: trees, kernels on /boot, objects of the repository no ref names.
  [[nodiscard]] Result<void> clean_up();

  // The repository's folder.
  [[nodiscard]] std::filesystem::path repository() const;

 private:
  RunningSysroot(std::filesystem::path path, Handle<OstreeSysroot> sysroot);
  [[nodiscard]] Result<Deployment> describe(_OstreeDeployment* deployment) const;

  struct Unlock {
    void operator()(OstreeSysroot* sysroot) const;
  };
  std::filesystem::path path_;
  Handle<OstreeSysroot> sysroot_;
  std::unique_ptr<OstreeSysroot, Unlock> lock_;  // the same object; goes first
};

}  // namespace stratify::ostree
