// Reads whatever it is given as a delta file: what is measured of it before libostree sees it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/ostree_delta.hpp"

namespace {

using namespace stratify;

constexpr ostree::DeltaLimits kLimits{
    .part_bytes = 1U << 20U, .uncompressed_bytes = 4U << 20U, .memory = 16U << 20U};

void expect(bool kept) {
  if (!kept) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto header = ostree::parse_delta_header(file, kLimits);
  const auto measured = ostree::measure_delta_parts(file, kLimits);
  if (!header) {
    expect(!measured && header.error().category() == Category::kInvalidInput);
    return 0;
  }
  expect(header->compressed_bytes <= size);
  expect(header->uncompressed_bytes <= kLimits.uncompressed_bytes);
  return 0;
}
