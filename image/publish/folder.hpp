// The folder that is published: where things lie in it, and the lists of its channels.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/file.hpp"
#include "platform/openpgp.hpp"
#include "platform/ostree.hpp"
#include "release/channel.hpp"

namespace stratify::image {

class PublishedFolder {
 public:
  // Makes what is missing of it, and keeps others out while it is open: then kConflict. keys are those one
  // publishes with, the oldest first; at least one.
  [[nodiscard]] static Result<PublishedFolder> open(const std::filesystem::path& folder,
                                                    std::vector<SigningKey> keys);

  [[nodiscard]] const ostree::Repository& repository() const { return repository_; }
  [[nodiscard]] std::filesystem::path repository_path() const { return repository_.path(); }
  [[nodiscard]] const std::vector<SigningKey>& keys() const { return keys_; }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return folder_ / name; }

  // The lists of all channels that are there. kVerification when one is signed by none of the keys: somebody
  // else has changed it, or it is another publisher's folder.
  [[nodiscard]] Result<std::vector<release::Channel>> channels() const;

  // Signs a list and puts it in the place of the one before, in one step. Lists a machine would refuse are
  // not written.
  [[nodiscard]] Result<void> write(ProcessRunner& runner, const release::Channel& channel) const;

  // The fingerprint of the key, of those one publishes with, that signed a commit of a repository.
  [[nodiscard]] Result<std::string> verify_commit(const std::filesystem::path& repository,
                                                  const Sha256& commit) const;

  // Sets the refs: one for each release, which keeps its objects, and one for each channel. Then removes the
  // releases, files and objects that no list names. Bytes of objects removed.
  [[nodiscard]] Result<std::uint64_t> tidy(std::span<const release::Channel> channels) const;

 private:
  PublishedFolder(std::filesystem::path folder, Descriptor turn, std::vector<SigningKey> keys,
                  ostree::Repository repository, TemporaryFolder trusted)
      : folder_(std::move(folder)),
        turn_(std::move(turn)),
        keys_(std::move(keys)),
        repository_(std::move(repository)),
        trusted_(std::move(trusted)) {}

  [[nodiscard]] std::filesystem::path list(const std::string& channel) const;
  [[nodiscard]] std::filesystem::path keyring() const;
  [[nodiscard]] Result<std::optional<release::Channel>> load(const std::string& channel) const;

  std::filesystem::path folder_;
  Descriptor turn_;  // the folder, locked
  std::vector<SigningKey> keys_;
  ostree::Repository repository_;
  TemporaryFolder trusted_;  // holds the public keys
};

// The release of this commit in the first channel that has it.
[[nodiscard]] const release::Release* find_release(std::span<const release::Channel> channels,
                                                   const Sha256& commit);
[[nodiscard]] const release::Release* find_release(std::span<const release::Channel> channels,
                                                   const std::string& version);

// "openhaven/amd64/core/releases/0.1.0"
[[nodiscard]] std::string release_ref(const release::Release& release);

}  // namespace stratify::image
