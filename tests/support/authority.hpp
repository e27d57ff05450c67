// A certificate authority that lives as long as a test.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>

#include "platform/owned.hpp"

namespace stratify::tests {

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

// PEM texts.
struct Certified {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  Authority();

  // Its own certificate (PEM).
  [[nodiscard]] std::string certificate() const;

  // A key and a certificate for a host name, valid from yesterday on for so many days.
  [[nodiscard]] Certified certify(const std::string& name, int days = 2) const;

 private:
  Key key_;
  Owned<X509, X509_free> certificate_;
};

}  // namespace stratify::tests
