#include "platform/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <span>

#include "platform/owned.hpp"

namespace stratify {

namespace {

using Memory = Owned<BIO, BIO_free_all>;
using Certificate = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;

constexpr long kADay = 86400;

std::string in_pairs(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const auto byte : bytes) {
    if (!text.empty()) text += ':';
    text.append({kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return text;
}

// 127 random bits: what RFC 5280, section 4.1.2.2, allows as a serial number.
bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (::RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes.front() &= 0x7FU;
  const Owned<BIGNUM, BN_free> number(::BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return ::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& name) {
  auto* subject = ::X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  return ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         ::X509_set_issuer_name(certificate, subject) == 1;
}

bool extend(X509* certificate, int what, const std::string& value) {
  const Extension extension(::X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
  return extension && ::X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill_in(X509* certificate, EVP_PKEY* key, const std::string& name, std::chrono::seconds validity) {
  return ::X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -kADay) != nullptr &&
         ::X509_gmtime_adj(::X509_getm_notAfter(certificate), validity.count()) != nullptr &&
         set_name(certificate, name) && ::X509_set_pubkey(certificate, key) == 1 &&
         extend(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         extend(certificate, NID_ext_key_usage, "serverAuth") &&
         extend(certificate, NID_subject_alt_name, "DNS:" + name) &&
         ::X509_sign(certificate, key, ::EVP_sha256()) > 0;
}

template <class Write>
std::string pem_of(Write write) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  if (write(memory.get()) != 1) return {};
  const char* data = nullptr;
  const auto size = ::BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::string& name, std::chrono::seconds validity) {
  const Key key(::EVP_EC_gen("P-256"));
  const Certificate certificate(::X509_new());
  if (!key || !certificate || !fill_in(certificate.get(), key.get(), name, validity))
    return fail(Category::kIo, "make a certificate for", name, "libcrypto could not; is /dev/urandom there?");
  return SelfSigned{
      .certificate = pem_of([&](BIO* out) { return ::PEM_write_bio_X509(out, certificate.get()); }),
      .key = pem_of([&](BIO* out) {
        return ::PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      })};
}

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
