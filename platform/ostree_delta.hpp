// Self-contained delta files (libostree's static deltas with all parts in one file), as they come on a USB
// stick. What a stranger may have written in them is measured before libostree reads it: Debian's libostree
// 2025.2 decodes whatever a header announces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::ostree {

struct DeltaHeader {
  std::optional<Sha256> from;  // the commit that has to be here before; none: everything is in the file
  Sha256 to;
  std::uint64_t timestamp = 0;         // when the delta was made; seconds since the epoch, not verified
  std::uint64_t parts = 0;             // pieces
  std::uint64_t compressed_bytes = 0;  // of all parts
  std::uint64_t uncompressed_bytes =
      0;                      // of all parts, as the header announces; an upper bound of what is written
  std::uint64_t objects = 0;  // that it brings
};

struct DeltaLimits {
  std::uint64_t part_bytes = 256U << 20U;  // uncompressed, of one part; libostree makes them of 32 MiB
  std::uint64_t uncompressed_bytes = 8ULL << 30U;  // of all parts
  std::uint64_t memory = 256U << 20U;              // of the decoder of one part
};

// The header of the file's bytes, whose content stays unread. kInvalidInput when they are no delta file, not
// whole in themselves, or announce more than a limit.
[[nodiscard]] Result<DeltaHeader> parse_delta_header(std::string_view file, const DeltaLimits& limits = {});

// As above, of a file; only the pages that are looked at are read. kNotFound without a file.
[[nodiscard]] Result<DeltaHeader> read_delta_header(const std::filesystem::path& file,
                                                    const DeltaLimits& limits = {});

// Decodes every part without keeping anything. kInvalidInput when one is damaged or larger than a limit.
[[nodiscard]] Result<void> measure_delta_parts(std::string_view file, const DeltaLimits& limits = {});

struct DeltaOptions {
  Sha256 commit;                                // what the file has to lead to
  std::vector<std::filesystem::path> keyrings;  // as in PullOptions
  DeltaLimits limits;
};

// Writes the objects of a delta file to the repository, after which it holds the whole commit, verified. The
// file is never trusted: its header is measured, the signature of the commit in it verified before any part
// is decoded, each object's checksum compared, each part's own size watched while it is decompressed.
//   kInvalidInput  no delta file, or one too large
//   kVerification  it leads to another commit, or that is not signed by one of the keys, or an object is
//   damaged kNotFound      it needs a commit that is not here kNoSpace, kIo  the repository could not be
//   written
[[nodiscard]] Result<void> apply_delta_file(const std::filesystem::path& repository,
                                            const std::filesystem::path& file, const DeltaOptions& options);

}  // namespace stratify::ostree
