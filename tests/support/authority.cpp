#include "tests/support/authority.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace stratify::tests {

namespace {

using Certificate = Owned<X509, X509_free>;
using Memory = Owned<BIO, BIO_free_all>;

constexpr long kDay = 24L * 60 * 60;

Key make_key() { return Key(::EVP_EC_gen("P-256")); }

void add_extension(X509* certificate, int kind, const std::string& value) {
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  EXPECT_EQ(::X509_add_ext(certificate, extension.get(), -1), 1);
}

void name_it(X509_NAME* name, const std::string& words) {
  EXPECT_EQ(::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(words.c_str()), -1, -1, 0),
            1);
}

Certificate blank(EVP_PKEY* key, const std::string& name, int days) {
  Certificate certificate(::X509_new());
  ::X509_set_version(certificate.get(), X509_VERSION_3);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -kDay);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), (days - 1) * kDay);
  ::X509_set_pubkey(certificate.get(), key);
  name_it(::X509_get_subject_name(certificate.get()), name);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(issuer));
  EXPECT_GT(::X509_sign(certificate, key, ::EVP_sha256()), 0);
}

template <class Write>
std::string pem_of(Write write) {
  const Memory memory(::BIO_new(::BIO_s_mem()));
  EXPECT_EQ(write(memory.get()), 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* to) { return ::PEM_write_bio_X509(to, certificate); });
}

}  // namespace

Authority::Authority() : key_(make_key()), certificate_(blank(key_.get(), "Authority of a test", 2)) {
  add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  sign(certificate_.get(), certificate_.get(), key_.get());
}

std::string Authority::certificate() const { return pem_of(certificate_.get()); }

Certified Authority::certify(const std::string& name, int days) const {
  const auto key = make_key();
  const auto certificate = blank(key.get(), name, days);
  add_extension(certificate.get(), NID_subject_alt_name, "DNS:" + name);
  sign(certificate.get(), certificate_.get(), key_.get());
  return {.certificate = pem_of(certificate.get()),
          .key = pem_of([&](BIO* to) {
            return ::PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace stratify::tests
