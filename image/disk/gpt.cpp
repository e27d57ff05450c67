#include "image/disk/gpt.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>

#include <boost/crc.hpp>

#include "platform/sha256.hpp"

namespace stratify::image {

namespace {

constexpr std::size_t kEntrySize = 128;
constexpr std::size_t kEntries = 128;
constexpr std::uint64_t kEntrySectors = kEntrySize * kEntries / kSector;
constexpr std::size_t kHeaderSize = 92;

template <class Integer>
void put(std::string& bytes, std::size_t at, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    bytes[at + i] = static_cast<char>((value >> (8 * i)) & 0xffU);
}

std::uint32_t crc32(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

// The first three fields of a GUID are little-endian on disk (UEFI specification, appendix A).
void put_guid(std::string& bytes, std::size_t at, std::string_view text) {
  constexpr std::array<std::size_t, 16> kDigits{6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    bytes[at + i] = static_cast<char>(std::stoul(std::string(text.substr(kDigits[i], 2)), nullptr, 16));
  }
}

std::string entries_of(const PartitionTable& table) {
  std::string bytes(kEntrySize * kEntries, '\0');
  for (std::size_t i = 0; i < table.partitions.size(); ++i) {
    const auto& partition = table.partitions[i];
    const auto at = i * kEntrySize;
    put_guid(bytes, at, partition.type);
    put_guid(bytes, at + 16, partition.id);
    put<std::uint64_t>(bytes, at + 32, partition.offset / kSector);
    put<std::uint64_t>(bytes, at + 40, (partition.offset + partition.size) / kSector - 1);
    for (std::size_t c = 0; c < std::min<std::size_t>(partition.label.size(), 36); ++c) {
      bytes[at + 56 + 2 * c] = partition.label[c];  // UTF-16LE of an ASCII character
    }
  }
  return bytes;
}

struct HeaderPlace {
  std::uint64_t own;
  std::uint64_t other;
  std::uint64_t entries;
};

std::string header_of(const PartitionTable& table, std::string_view entries, const HeaderPlace& place) {
  std::string bytes(kSector, '\0');
  bytes.replace(0, 8, "EFI PART");
  put<std::uint32_t>(bytes, 8, 0x00010000);
  put<std::uint32_t>(bytes, 12, kHeaderSize);
  put<std::uint64_t>(bytes, 24, place.own);
  put<std::uint64_t>(bytes, 32, place.other);
  put<std::uint64_t>(bytes, 40, 2 + kEntrySectors);
  put<std::uint64_t>(bytes, 48, table.size / kSector - 2 - kEntrySectors);
  put_guid(bytes, 56, table.disk);
  put<std::uint64_t>(bytes, 72, place.entries);
  put<std::uint32_t>(bytes, 80, kEntries);
  put<std::uint32_t>(bytes, 84, kEntrySize);
  put<std::uint32_t>(bytes, 88, crc32(entries));
  put<std::uint32_t>(bytes, 16, crc32(std::string_view(bytes).substr(0, kHeaderSize)));
  return bytes;
}

std::string protective_mbr(std::uint64_t sectors) {
  std::string bytes(kSector, '\0');
  constexpr std::size_t kFirst = 446;
  bytes[kFirst + 2] = 0x02;  // first sector as cylinder, head, sector
  bytes[kFirst + 4] = static_cast<char>(0xee);
  for (std::size_t i = 5; i < 8; ++i) bytes[kFirst + i] = static_cast<char>(0xff);
  put<std::uint32_t>(bytes, kFirst + 8, 1);
  put<std::uint32_t>(bytes, kFirst + 12,
                     static_cast<std::uint32_t>(std::min<std::uint64_t>(sectors - 1, 0xffffffff)));
  put<std::uint16_t>(bytes, 510, 0xaa55);
  return bytes;
}

}  // namespace

PartitionTableBytes encode(const PartitionTable& table) {
  const auto sectors = table.size / kSector;
  const auto entries = entries_of(table);
  const auto last = sectors - 1;
  return {.front = protective_mbr(sectors) +
                   header_of(table, entries, {.own = 1, .other = last, .entries = 2}) + entries,
          .back = entries +
                  header_of(table, entries, {.own = last, .other = 1, .entries = last - kEntrySectors})};
}

Guid guid_from(std::string_view seed, std::string_view name) {
  Sha256Stream hash;
  auto text = hash.field(seed).field(name).finish().hex().substr(0, 32);
  text[12] = '8';  // version: free to define
  text[16] = "89ab"[static_cast<unsigned>(text[16]) % 4];
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace stratify::image
