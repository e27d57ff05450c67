#include "firstboot/code.hpp"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace stratify::firstboot {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLetters = 8;

// The letter a person meant, 0 for separators.
char canonical(char typed) {
  if (typed == '-' || typed == ' ') return 0;
  if (typed >= 'a' && typed <= 'z') typed = static_cast<char>(typed - 'a' + 'A');
  if (typed == 'O') return '0';
  if (typed == 'I' || typed == 'L') return '1';
  return typed;
}

std::string canonical(std::string_view typed) {
  std::string letters;
  for (const char letter : typed) {
    if (const char meant = canonical(letter); meant != 0) letters += meant;
  }
  return letters;
}

}  // namespace

void fill_randomly(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno != EINTR) std::abort();  // without randomness there is no secret to make
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

Secret make_token(const Random& random) {
  std::array<std::byte, 16> bytes{};
  random(bytes);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token;
  token.reserve(2 * bytes.size());
  for (const auto byte : bytes) {
    token += kDigits[std::to_integer<std::size_t>(byte >> 4)];
    token += kDigits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return Secret(std::move(token));
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

ClaimCode ClaimCode::make(const Random& random) {
  std::array<std::byte, kLetters> bytes{};
  random(bytes);
  std::string letters;
  for (const auto byte : bytes) letters += kAlphabet[std::to_integer<std::size_t>(byte & std::byte{31})];
  return ClaimCode(Secret(std::move(letters)));
}

std::string ClaimCode::shown() const {
  const auto letters = letters_.reveal();
  return std::string(letters.substr(0, kLetters / 2)) + "-" + std::string(letters.substr(kLetters / 2));
}

bool ClaimCode::matches(std::string_view typed) const {
  constexpr std::size_t kMostTyped = 64;
  return typed.size() <= kMostTyped && equal_in_constant_time(letters_.reveal(), canonical(typed));
}

}  // namespace stratify::firstboot
