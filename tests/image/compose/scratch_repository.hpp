// A repository for one test, and commits made of what a function writes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "platform/file.hpp"
#include "platform/ostree.hpp"

namespace stratify::image::tests {

class ScratchRepository {
 public:
  using Write = std::function<void(ostree::Transaction& transaction, ostree::Tree& tree)>;

  // Of a tree that begins as an empty root.
  Sha256 commit(const Write& write) {
    auto transaction = repository_.begin().value();
    ostree::Tree tree;
    EXPECT_TRUE(tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()));
    write(transaction, tree);
    const auto commit = transaction.write_commit(transaction.write_tree(tree).value(), {}).value();
    EXPECT_TRUE(transaction.commit());
    return commit;
  }

  [[nodiscard]] std::vector<ostree::Entry> entries_of(const Sha256& commit) const {
    return repository_.list(commit).value();
  }

  [[nodiscard]] std::string content(const Sha256& commit, const std::string& path) const {
    return repository_.read_object(object(commit, path)).value();
  }

  // The checksum of the file at path.
  [[nodiscard]] Sha256 object(const Sha256& commit, const std::string& path) const {
    return ostree::Tree::of_commit(repository_, commit).value().find(path).value().value().checksum;
  }

  [[nodiscard]] const ostree::Repository& repository() const { return repository_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  ostree::Repository repository_ = ostree::Repository::open_or_create(folder_.path() / "repo").value();
};

}  // namespace stratify::image::tests
