#include "platform/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace stratify {

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string to_base64(std::string_view data) {
  std::string text(4 * ((data.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(data),
                                     static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// OpenSSL passes over white space and counts padding as data, so only text that comes out again is accepted.
std::string from_base64(std::string_view text) {
  std::string data(3 * (text.size() / 4) + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()), bytes_of(text),
                                     static_cast<int>(text.size()));
  if (length < 3) return {};
  const auto padding = static_cast<std::size_t>(std::ranges::count(text.substr(text.size() - 2), '='));
  data.resize(static_cast<std::size_t>(length) - padding);
  return to_base64(data) == text ? data : std::string();
}

}  // namespace stratify
