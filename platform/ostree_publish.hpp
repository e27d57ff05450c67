// Repositories that a web server hands out: mode archive, static deltas, a signed summary.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "platform/ostree.hpp"

namespace stratify::ostree {

// A repository of mode archive at path, made when there is none. Every transaction is flushed to the disk.
[[nodiscard]] Result<Repository> open_or_create_archive(const std::filesystem::path& path);

// Copies a commit with all its objects and signatures from one local repository to another, each object once
// and with its checksum verified. Sets no ref.
[[nodiscard]] Result<void> copy_commit(const std::filesystem::path& from, const std::filesystem::path& to,
                                       const Sha256& commit);

struct Footprint {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;  // as the repository stores them: compressed in mode archive
  // On a machine's disk, at most: uncompressed and in whole blocks of 4 KiB. A file system that compresses
  // takes less.
  std::uint64_t installed_bytes = 0;
};

// The objects of `want` that are not in `have`; without `have`: all of them. Both have to be complete.
[[nodiscard]] Result<Footprint> footprint(const std::filesystem::path& repository,
                                          const std::optional<Sha256>& have, const Sha256& want);

// Makes a static delta inside the repository (ostree-static-delta(1)) and returns its bytes. Machines find it
// after the next summary is written.
[[nodiscard]] Result<std::uint64_t> make_delta(const std::filesystem::path& repository, const Sha256& from,
                                               const Sha256& to);

// Makes one file that holds all of a commit and its signatures, for machines without a network, and returns
// its bytes. `ostree static-delta apply-offline` takes it. It appears under its name when it is complete.
[[nodiscard]] Result<std::uint64_t> make_delta_file(const std::filesystem::path& repository, const Sha256& to,
                                                    const std::filesystem::path& file);

// Bytes of the delta inside the repository, 0 when there is none.
[[nodiscard]] std::uint64_t delta_bytes(const std::filesystem::path& repository, const Sha256& from,
                                        const Sha256& to);

// Removes such a delta; none is no error.
[[nodiscard]] Result<void> remove_delta(const std::filesystem::path& repository, const Sha256& from,
                                        const Sha256& to);

// Removes the objects no ref needs, and the deltas that lead to commits that are gone. Bytes of the objects.
[[nodiscard]] Result<std::uint64_t> prune_published(const Repository& repository);

}  // namespace stratify::ostree
