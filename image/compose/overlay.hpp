// An overlay over a read-only tree that catches every change, and the way from those changes into a commit.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "image/compose/ids.hpp"
#include "platform/error.hpp"
#include "platform/file.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// A mounted overlay file system; unmounted, and its changes thrown away, by the destructor. Move-only.
class Overlay {
 public:
  // Mounts lower under a fresh upper layer, all below work, which must be on a file system that overlays can
  // write to (not itself an overlay). Linux 5.11 or newer when in a user namespace.
  [[nodiscard]] static Result<Overlay> mount(const std::filesystem::path& lower,
                                             const std::filesystem::path& work);
  Overlay(Overlay&& other) noexcept = default;
  Overlay& operator=(Overlay&&) = delete;
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  ~Overlay();

  [[nodiscard]] std::filesystem::path merged() const { return folder_.path() / "merged"; }
  [[nodiscard]] std::filesystem::path upper() const { return folder_.path() / "upper"; }

 private:
  explicit Overlay(TemporaryFolder folder) : folder_(std::move(folder)) {}
  TemporaryFolder folder_;
};

struct ChangeOptions {
  // Asked for the absolute path of each changed file or folder; what it refuses stays as it was in the lower
  // tree.
  std::function<bool(std::string_view path)> keep = [](std::string_view) { return true; };
  // Owners, and the numbers in /etc/passwd and /etc/group.
  Renumbering ids;
};

// Writes the changes of an upper layer (whiteouts, opaque folders, files, attributes) into tree. Python byte
// code is marked as never to be checked against its source (PEP 552), because both are immutable here.
[[nodiscard]] Result<void> apply_changes(ostree::Transaction& transaction, ostree::Tree& tree,
                                         const std::filesystem::path& upper,
                                         const ChangeOptions& options = {});

}  // namespace stratify::image
