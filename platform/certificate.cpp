#include "platform/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdlib>
#include <span>

#include "platform/owned.hpp"

namespace stratify {

namespace {

using Memory = Owned<BIO, BIO_free_all>;
using Certificate = Owned<X509, X509_free>;

std::string in_pairs(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const auto byte : bytes) {
    if (!text.empty()) text += ':';
    text.append({kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return text;
}

}  // namespace

Result<std::string> fingerprint_of(const std::string& pem) {
  const Memory memory(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Certificate certificate(::PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!certificate || ::X509_digest(certificate.get(), ::EVP_sha256(), digest.data(), &size) != 1) {
    return fail(Category::kInvalidInput, "read", "a certificate", "it is no certificate in PEM form");
  }
  return in_pairs(std::span(digest).first(size));
}

}  // namespace stratify
