#include "platform/sha256.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "platform/file.hpp"

namespace stratify {

Result<Sha256> Sha256::parse(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != 64 || !std::ranges::all_of(text, is_digit)) {
    return fail(Category::kInvalidInput, "read SHA-256", std::string(text.substr(0, 80)),
                "expected 64 lower-case hexadecimal digits");
  }
  return Sha256(std::string(text));
}

Sha256 Sha256::of(std::string_view data) { return Sha256Stream().update(data).finish(); }

namespace {

constexpr std::size_t kBlock = 1U << 20U;

// As much as one read gives, from where the file stands; nothing at its end.
Result<std::string_view> read_block(int fd, std::vector<char>& block, const std::filesystem::path& path) {
  for (;;) {
    const auto count = ::read(fd, block.data(), block.size());
    if (count >= 0) return std::string_view(block.data(), static_cast<std::size_t>(count));
    if (errno != EINTR) return errno_error("read", path);
  }
}

// A hole is hashed as the zeros it stands for without being read: a disk image is mostly hole, and the page
// cache would be filled with its zeros.
void hash_hole(Sha256Stream& stream, off_t from, off_t to) {
  static const std::string kZeros(kBlock, '\0');
  for (auto left = static_cast<std::size_t>(to - from); left > 0;) {
    const auto count = std::min(left, kZeros.size());
    stream.update(std::string_view(kZeros).substr(0, count));
    left -= count;
  }
}

Result<void> hash_data(Sha256Stream& stream, int fd, off_t from, off_t to, std::vector<char>& block,
                       const std::filesystem::path& path) {
  if (::lseek(fd, from, SEEK_SET) < 0) return errno_error("seek in", path);
  for (auto left = static_cast<std::size_t>(to - from); left > 0;) {
    const auto data = TRY(read_block(fd, block, path)).substr(0, left);
    if (data.empty()) return fail(Category::kIo, "read", path, "it became shorter meanwhile");
    stream.update(data);
    left -= data.size();
  }
  return {};
}

// What cannot tell its holes (lseek(2), EINVAL) counts as data.
off_t data_from(int fd, off_t at, off_t size) {
  const auto data = ::lseek(fd, at, SEEK_DATA);
  if (data >= 0) return data;
  return errno == ENXIO ? size : at;  // ENXIO: only a hole is left
}

off_t hole_from(int fd, off_t at, off_t size) {
  const auto hole = ::lseek(fd, at, SEEK_HOLE);
  return hole < 0 ? size : hole;
}

// For pipes, and files of /proc, which tell no size.
Result<Sha256> hash_stream(int fd, const std::filesystem::path& path) {
  Sha256Stream stream;
  std::vector<char> block(kBlock);
  for (;;) {
    const auto data = TRY(read_block(fd, block, path));
    if (data.empty()) return stream.finish();
    stream.update(data);
  }
}

}  // namespace

Result<Sha256> Sha256::of_file(const std::filesystem::path& path) {
  const auto fd = TRY(open_file(path, O_RDONLY));
  const auto size = ::lseek(fd.get(), 0, SEEK_END);
  if (size <= 0) return hash_stream(fd.get(), path);
  Sha256Stream stream;
  std::vector<char> block(kBlock);
  for (off_t at = 0; at < size;) {
    const auto data = data_from(fd.get(), at, size);
    hash_hole(stream, at, data);
    at = hole_from(fd.get(), data, size);
    TRY(hash_data(stream, fd.get(), data, at, block, path));
  }
  return stream.finish();
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

Sha256Stream& Sha256Stream::update(std::string_view data) {
  EVP_DigestUpdate(context_.get(), data.data(), data.size());
  return *this;
}

Sha256Stream& Sha256Stream::field(std::string_view data) {
  return update(std::to_string(data.size())).update(":").update(data);
}

Sha256 Sha256Stream::finish() {
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const auto byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return Sha256(std::move(hex));
}

}  // namespace stratify
