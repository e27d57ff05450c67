// Reads whatever it is given as a lock: as it stands, and with the right checksum below it, so that the
// checks behind the checksum are reached.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "image/lock.hpp"

namespace {

using namespace stratify;

void expect(bool kept) {
  if (!kept) __builtin_trap();
}

void check(const Result<image::Lock>& lock) {
  if (!lock) {
    expect(lock.error().message().starts_with("core.lock"));
    return;
  }
  for (const auto& package : lock->packages)
    expect(package.path.starts_with("pool/") && !package.path.contains(".."));
  expect(image::parse_lock(image::to_yaml(*lock), "core.lock") == lock);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  check(image::parse_lock(input, "core.lock"));
  check(image::parse_lock(input + "checksum: " + Sha256::of(input).hex() + "\n", "core.lock"));
  return 0;
}
