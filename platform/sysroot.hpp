// The first deployment of a disk that does not run yet, laid out by libostree (ostree-sysroot): ostree/ with
// repository and deployment, boot/ with kernel, initramfs and boot loader entry.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::ostree {

struct FirstDeployment {
  std::filesystem::path
      repository;  // local, mode bare; on the sysroot's file system, so that objects become hard links
  Sha256 commit;
  std::string ref;        // what the deployment follows, e.g. "openhaven/amd64/core"
  std::string stateroot;  // the name that /var and all deployments of this OS are kept under
  std::vector<std::string> kernel_arguments;
};

// Lays the deployment out in the existing, empty folder `sysroot`, with its /boot in the existing folder
// `boot`, which becomes a symlink there. libostree freezes the file system of /boot for a moment, as a
// running machine must: give a folder on a tmpfs, which cannot be frozen, to keep the build machine out of
// it. Nothing is flushed to the disk. The new repository is set up for the running machine: boot loader
// entries through grub-mkconfig, /sysroot read-only. Returns the deployment's name, "<commit>.<serial>".
[[nodiscard]] Result<std::string> deploy_first(const std::filesystem::path& sysroot,
                                               const std::filesystem::path& boot,
                                               const FirstDeployment& wanted);

// Removes such a tree, also one that was left half done: deployments may be immutable until the last step.
// None is no error.
[[nodiscard]] Result<void> remove_sysroot(const std::filesystem::path& sysroot);

// Seconds since the epoch that the commit carries.
[[nodiscard]] Result<std::uint64_t> commit_time(const std::filesystem::path& repository,
                                                const Sha256& commit);

}  // namespace stratify::ostree
