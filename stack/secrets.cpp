#include "stack/secrets.hpp"

#include <crypt.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

#include "platform/file.hpp"

namespace stratify::stack {

namespace {

// No 0 and o, 1, l and i, u and v: each is read and typed without doubt.
constexpr std::string_view kSymbols = "abcdefghjkmnpqrstwxyz23456789";
static_assert(kSymbols.size() == 29);

Result<void> random_bytes(std::span<unsigned char> bytes) {
  const auto count = ::getrandom(bytes.data(), bytes.size(), 0);
  if (count == static_cast<ssize_t>(bytes.size())) return {};
  return fail(Category::kUnavailable, "get random bytes from", "the kernel", std::strerror(errno));
}

// Equally likely each: bytes that would favour the first symbols are drawn again.
Result<char> random_symbol() {
  constexpr unsigned kFair = 256 - 256 % kSymbols.size();
  for (;;) {
    std::array<unsigned char, 1> byte{};
    TRY(random_bytes(byte));
    if (byte[0] < kFair) return kSymbols[byte[0] % kSymbols.size()];
  }
}

// crypt_data is 32 KiB, too much for a stack frame.
std::string hash_with(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* hash = ::crypt_r(password.c_str(), setting.c_str(), data.get());
  return hash == nullptr || *hash == '*' ? "" : hash;
}

}  // namespace

Result<std::string> make_password() {
  std::string password;
  for (int symbol = 0; symbol < 20; ++symbol) {
    if (symbol > 0 && symbol % 4 == 0) password += '-';
    password += TRY(random_symbol());
  }
  return password;
}

Result<std::string> bcrypt_of(const std::string& password, unsigned cost) {
  std::array<unsigned char, 16> salt{};
  TRY(random_bytes(salt));
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const char* made = ::crypt_gensalt_rn("$2y$", cost, reinterpret_cast<const char*>(salt.data()), salt.size(),
                                        setting.data(), setting.size());
  auto hash = made == nullptr ? "" : hash_with(password, made);
  if (hash.empty()) return fail(Category::kIo, "hash", "a password", std::strerror(errno));
  return hash;
}

bool password_matches(const std::string& password, const std::string& hash) {
  const auto again = hash_with(password, hash);
  if (again.empty() || again.size() != hash.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < hash.size(); ++i) difference |= static_cast<unsigned>(again[i] ^ hash[i]);
  return difference == 0;
}

Result<std::string> make_secrets(const std::filesystem::path& root) {
  const auto folder = root / kSecretsFolder;
  TRY(make_folders(folder));
  if (::chmod(folder.c_str(), 0700) != 0) return errno_error("protect", folder);
  auto password = TRY(make_password());
  TRY(write_file_durably(folder / "users", std::string(kOwner) + ":" + TRY(bcrypt_of(password)) + "\n",
                         0600));
  return password;
}

}  // namespace stratify::stack
