// The front of delta files: what is looked at before libostree decodes anything.
#include <lzma.h>

#include <array>
#include <cstring>

#include "platform/ostree_delta.hpp"
#include "platform/ostree_delta_file.hpp"
#include "platform/ostree_trust.hpp"

namespace stratify::ostree {

namespace {

using Decoder = Owned<lzma_stream, lzma_end>;

// What we publish has tens of parts. libostree looks for each in a list, so that their number counts twice.
constexpr std::uint64_t kMostParts = 4096;
constexpr std::uint64_t kMostOtherEntries = 64;
constexpr std::string_view kSignedDelta = "OSTSGNDT";

Unexpected refused(std::string cause) {
  return fail(Category::kInvalidInput, "read", "the delta file", std::move(cause));
}

Result<Sha256> read_checksum(const Variant& bytes) {
  auto result = checksum(bytes.get());
  if (!result) return refused("it is none, or damaged");
  return result;
}

// Adds up what the parts announce.
Result<void> add_parts(const DeltaFile& file, std::uint64_t file_size, const DeltaLimits& limits,
                       DeltaHeader& header) {
  for (std::uint64_t i = 0; i < header.parts; ++i) {
    const auto part = file.part(i);
    if (part.size > file_size - header.compressed_bytes) return refused("a part is larger than the file");
    if (part.uncompressed > limits.uncompressed_bytes - header.uncompressed_bytes)
      return refused("it announces more than " + std::to_string(limits.uncompressed_bytes) + " bytes");
    if (!file.content(header, i)) return refused("a part of it lies elsewhere");
    header.compressed_bytes += part.size;
    header.uncompressed_bytes += part.uncompressed;
    header.objects += part.objects;
  }
  return {};
}

// Calls grown(n) for every n bytes that come out, until it returns an Error.
template <class Grown>
Result<void> decode(std::string_view compressed, std::uint64_t memory, Grown grown) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, memory, 0) != LZMA_OK) return refused("there is no memory to decode it");
  const Decoder owned(&stream);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(compressed.data());
  stream.avail_in = compressed.size();
  std::array<std::uint8_t, 64U << 10U> buffer{};
  for (;;) {
    stream.next_out = buffer.data();
    stream.avail_out = buffer.size();
    const auto status = lzma_code(&stream, LZMA_FINISH);
    TRY(grown(buffer.size() - stream.avail_out));
    if (status == LZMA_STREAM_END) return {};
    if (status == LZMA_MEMLIMIT_ERROR) return refused("a part needs too much memory to decode");
    if (status != LZMA_OK) return refused("a part is damaged");
  }
}

}  // namespace

Result<DeltaHeader> parse_delta_header(std::string_view bytes, const DeltaLimits& limits) {
  if (bytes.starts_with(kSignedDelta)) return refused("it is signed as a whole, which is not supported");
  const DeltaFile file(bytes);
  DeltaHeader header{.from = std::nullopt, .to = TRY(read_checksum(file.to()))};
  if (const auto from = file.from(); g_variant_n_children(from.get()) > 0)
    header.from = TRY(read_checksum(from));
  header.timestamp = file.timestamp();
  header.parts = g_variant_n_children(file.parts().get());
  if (header.parts > kMostParts) return refused("it has too many parts");
  if (g_variant_n_children(file.metadata().get()) > header.parts + kMostOtherEntries)
    return refused("it has too many entries");
  if (g_variant_n_children(file.fallbacks().get()) > 0) return refused("it needs objects from a server");
  TRY(add_parts(file, bytes.size(), limits, header));
  return header;
}

Result<void> measure_delta_parts(std::string_view bytes, const DeltaLimits& limits) {
  const auto header = TRY(parse_delta_header(bytes, limits));
  const DeltaFile file(bytes);
  std::uint64_t left = limits.uncompressed_bytes;
  for (std::uint64_t i = 0; i < header.parts; ++i) {
    const auto part = file.content(header, i);
    const auto content = content_of(part.get());
    if (content.empty()) return refused("a part is empty");
    std::uint64_t left_of_part = std::min(left, limits.part_bytes);
    const auto grown = [&](std::uint64_t count) -> Result<void> {
      if (count > left_of_part) return refused("a part grows larger than it may");
      left_of_part -= count;
      left -= count;
      return {};
    };
    const char compression = content.front();
    if (compression == 'x')
      TRY(decode(content.substr(1), limits.memory, grown));
    else if (compression == 0)
      TRY(grown(content.size() - 1));
    else
      return refused("a part is compressed in an unknown way");
  }
  return {};
}

}  // namespace stratify::ostree
