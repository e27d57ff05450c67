// SHA-256 (FIPS 180-4) of bytes and files.
#pragma once

#include <openssl/evp.h>

#include <compare>
#include <filesystem>
#include <string>
#include <string_view>

#include "platform/error.hpp"
#include "platform/owned.hpp"

namespace stratify {

// A SHA-256 checksum: always 64 lower-case hexadecimal digits.
class Sha256 {
 public:
  // kInvalidInput unless text is 64 lower-case hexadecimal digits.
  [[nodiscard]] static Result<Sha256> parse(std::string_view text);
  [[nodiscard]] static Sha256 of(std::string_view data);
  [[nodiscard]] static Result<Sha256> of_file(const std::filesystem::path& path);

  [[nodiscard]] const std::string& hex() const { return hex_; }
  friend auto operator<=>(const Sha256&, const Sha256&) = default;

 private:
  friend class Sha256Stream;
  explicit Sha256(std::string hex) : hex_(std::move(hex)) {}
  std::string hex_;
};

// Adds data piece by piece. finish() may be called once.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream& update(std::string_view data);
  // As update, framed by the length, so that fields cannot run into each other: for cache keys.
  Sha256Stream& field(std::string_view data);
  [[nodiscard]] Sha256 finish();

 private:
  Owned<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

}  // namespace stratify
