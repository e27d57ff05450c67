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

Result<Sha256> Sha256::of_file(const std::filesystem::path& path) {
  const auto fd = TRY(open_file(path, O_RDONLY));
  Sha256Stream stream;
  std::vector<char> buffer(1U << 20U);
  for (;;) {
    const auto count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read", path);
    if (count == 0) return stream.finish();
    stream.update({buffer.data(), static_cast<std::size_t>(count)});
  }
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
