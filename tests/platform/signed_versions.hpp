// Two signed versions as a publisher keeps them, and a machine's repository that has none of them yet.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree_publish.hpp"

namespace stratify::ostree {

// Text that does not compress to nothing.
inline std::string noise(std::size_t size, unsigned seed) {
  std::string text;
  while (text.size() < size) text += Sha256::of(std::to_string(seed++)).hex();
  return text;
}

class SignedVersions : public testing::Test {
 protected:
  void SetUp() override {
    const auto build = Repository::open_or_create(build_, Sync::kNever).value();
    old_ = commit(build, "old");
    new_ = commit(build, "new");
    for (const auto& one : {*old_, *new_}) publish(one, key_);
    write_file(keyring_, key_.public_key()).value();
    Repository::open_or_create(machine_, Sync::kNever).value();
  }
  void TearDown() override {
    for (const auto* home : {"key", "other"}) {
      const auto folder = keys_.path() / home;
      if (!std::filesystem::exists(folder)) continue;
      EXPECT_TRUE(runner_.run({.arguments = {"gpgconf", "--homedir", folder, "--kill", "all"}}));
    }
  }

  static Sha256 commit(const Repository& repository, const std::string& content) {
    auto transaction = repository.begin().value();
    Tree tree;
    tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()).value();
    tree.replace_file("/large", transaction.write_file({}, noise(200'000, 1) + content).value()).value();
    for (int i = 0; i < 8; ++i) {
      const auto file = transaction.write_file({.mode = 0600}, content + std::to_string(i)).value();
      tree.replace_file("/small" + std::to_string(i), file).value();
    }
    const auto root = transaction.write_tree(tree).value();
    auto checksum = transaction.write_commit(root, {.timestamp = content == "old" ? 1U : 2U}).value();
    transaction.commit().value();
    return checksum;
  }
  void publish(const Sha256& one, const SigningKey& key) {
    key.sign_commit(build_, one).value();
    copy_commit(build_, web_.path(), one).value();
  }
  // A key that the machine does not trust.
  SigningKey other_key() { return SigningKey::development(runner_, keys_.path() / "other").value(); }
  bool machine_has(const Sha256& one) const {
    return static_cast<bool>(Repository::open(machine_)->verify(one));
  }

  TemporaryFolder folder_ = TemporaryFolder::create("out/tmp", "versions").value();
  TemporaryFolder keys_ = TemporaryFolder::create("/tmp", "keys").value();  // short: gpg-agent's socket
  RealProcessRunner runner_;
  std::filesystem::path build_ = folder_.path() / "build";
  std::filesystem::path machine_ = folder_.path() / "machine";
  std::filesystem::path keyring_ = folder_.path() / "trusted.gpg";
  SigningKey key_ = SigningKey::development(runner_, keys_.path() / "key").value();
  Repository web_ = open_or_create_archive(folder_.path() / "web").value();
  std::optional<Sha256> old_;
  std::optional<Sha256> new_;
};

}  // namespace stratify::ostree
