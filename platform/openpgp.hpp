// OpenPGP signatures (gnupg, libostree) of commits and of text.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "platform/error.hpp"
#include "platform/process.hpp"
#include "platform/sha256.hpp"

namespace stratify {

// A secret key in a GnuPG home folder, ready to sign.
class SigningKey {
 public:
  // The key in home; made on first use, without a passphrase: for development, where the key protects nothing
  // yet.
  [[nodiscard]] static Result<SigningKey> development(ProcessRunner& runner,
                                                      const std::filesystem::path& home);

  // The secret key in file (armored or not), imported into a GnuPG home folder of its own below homes.
  [[nodiscard]] static Result<SigningKey> from_file(ProcessRunner& runner, const std::filesystem::path& file,
                                                    const std::filesystem::path& homes);

  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  // The binary public key, as libostree's trusted.gpg.d takes it.
  [[nodiscard]] const std::string& public_key() const { return public_key_; }

  // Signs a commit of the repository at path (detached: its checksum stays). Nothing happens when this key
  // has already signed it.
  [[nodiscard]] Result<void> sign_commit(const std::filesystem::path& repository, const Sha256& commit) const;

  // A detached binary signature of data, for ostree::verify_data.
  [[nodiscard]] Result<std::string> sign_data(ProcessRunner& runner, std::string_view data) const;

  // Writes the summary of a repository, what it has of refs and static deltas, signed by every key. Machines
  // that look between the signatures find that of the first.
  [[nodiscard]] static Result<void> write_summary(const std::filesystem::path& repository,
                                                  std::span<const SigningKey> keys);

 private:
  SigningKey(std::filesystem::path home, std::string fingerprint, std::string public_key)
      : home_(std::move(home)), fingerprint_(std::move(fingerprint)), public_key_(std::move(public_key)) {}
  [[nodiscard]] static Result<SigningKey> in_home(ProcessRunner& runner, const std::filesystem::path& home);

  std::filesystem::path home_;
  std::string fingerprint_;
  std::string public_key_;
};

}  // namespace stratify
