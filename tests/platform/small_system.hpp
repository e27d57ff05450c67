// A commit that has just what libostree needs to deploy it.
#pragma once

#include <filesystem>
#include <string>

#include "platform/ostree.hpp"

namespace stratify::ostree {

inline Sha256 commit_small_system(const Repository& repository, const std::string& version,
                                  std::uint64_t timestamp = 1700000000,
                                  const std::string& kernel_arguments = {}) {
  auto transaction = repository.begin().value();
  Tree tree;
  const auto folder = transaction.write_folder({.mode = 0755}).value();
  const auto add = [&](std::string_view file, std::string_view content) {
    tree.ensure_folder(std::filesystem::path(file).parent_path().string(), folder).value();
    tree.replace_file(file, transaction.write_file({.mode = 0644}, content).value()).value();
  };
  tree.set_folder("/", folder).value();
  add("/usr/lib/os-release", "PRETTY_NAME=\"OpenHaven " + version + "\"\n");
  add("/usr/lib/modules/6.0/vmlinuz", "kernel " + version);
  add("/usr/lib/modules/6.0/initramfs.img", "initramfs");
  if (!kernel_arguments.empty()) add("/usr/lib/openhaven/kernel-arguments", kernel_arguments);
  add("/usr/etc/hostname", "haven\n");
  add("/usr/etc/version", version + "\n");
  for (const auto* name : {"/boot", "/dev", "/proc", "/run", "/sys", "/sysroot", "/var"})
    tree.set_folder(name, folder).value();
  const auto root = transaction.write_tree(tree).value();
  auto commit =
      transaction.write_commit(root, {.timestamp = timestamp, .metadata = {{"version", version}}}).value();
  transaction.commit().value();
  return commit;
}

}  // namespace stratify::ostree
