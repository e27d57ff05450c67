// Inside of image/unpack: where a package's members go in its commit.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "image/deb.hpp"
#include "platform/ostree.hpp"

namespace stratify::image {

// The path on a system with merged /usr: "/lib/x" becomes "/usr/lib/x".
[[nodiscard]] std::string merged_usr_path(std::string_view path);

// Writes members as objects of a transaction and puts them into a tree with data/ and control/.
class PackageTree final : public DebSink {
 public:
  // keeps_aliases: for base-files, which brings /bin, /lib, ... as symlinks.
  PackageTree(ostree::Transaction& transaction, bool keeps_aliases)
      : transaction_(transaction), keeps_aliases_(keeps_aliases) {}

  [[nodiscard]] Result<void> begin();
  [[nodiscard]] const ostree::Tree& tree() const { return tree_; }

  Result<void> control_file(std::string_view name, const Attributes& attributes,
                            std::string_view content) override;
  Result<void> folder(std::string_view path, const Attributes& attributes) override;
  Result<void> symlink(std::string_view path, const Attributes& attributes, std::string_view target) override;
  Result<void> hard_link(std::string_view path, std::string_view target) override;
  Result<void> begin_file(std::string_view path, const Attributes& attributes, std::uint64_t size) override;
  Result<void> write(std::string_view data) override;
  Result<void> end_file() override;

 private:
  [[nodiscard]] std::string place(std::string_view path) const;
  [[nodiscard]] Result<void> put(const std::string& place, const Sha256& object);
  [[nodiscard]] Result<Sha256> folder_object(const Attributes& attributes);

  ostree::Transaction& transaction_;
  bool keeps_aliases_;
  ostree::Tree tree_;
  std::optional<ostree::FileWriter> file_;
  std::string file_place_;
  // Nearly all folders of a package are alike.
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, Sha256> folder_objects_;
};

}  // namespace stratify::image
