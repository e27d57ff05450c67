// GUID partition tables (UEFI specification 2.10, section 5) as bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stratify::image {

inline constexpr std::uint64_t kSector = 512;
inline constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;

// A GUID in the usual text form, lower case: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b".
using Guid = std::string;

// Partition types (UEFI specification; UAPI Discoverable Partitions Specification).
inline constexpr std::string_view kTypeBios = "21686148-6449-6e6f-744e-656564454649";
inline constexpr std::string_view kTypeEsp = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
inline constexpr std::string_view kTypeBoot = "bc13c2ff-59e6-4262-a352-b275fd6f7172";  // XBOOTLDR
inline constexpr std::string_view kTypeRoot = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";  // root, x86-64

struct Partition {
  std::string label;  // ASCII, at most 36 characters
  Guid type;
  Guid id;
  std::uint64_t offset = 0;  // bytes, a multiple of kSector
  std::uint64_t size = 0;    // bytes, a multiple of kSector
};

struct PartitionTable {
  Guid disk;
  std::uint64_t size = 0;  // of the disk, in bytes, a multiple of kSector
  std::vector<Partition> partitions;
};

struct PartitionTableBytes {
  std::string front;  // from byte 0: protective MBR (its 440 bytes of boot code zero), header, entries
  std::string back;   // the last bytes of the disk: entries, backup header
};

[[nodiscard]] PartitionTableBytes encode(const PartitionTable& table);

// A GUID (RFC 9562, version 8) that always comes out the same for the same seed and name.
[[nodiscard]] Guid guid_from(std::string_view seed, std::string_view name);

}  // namespace stratify::image
