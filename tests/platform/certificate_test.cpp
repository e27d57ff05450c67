#include "platform/certificate.hpp"

#include <gtest/gtest.h>

namespace stratify {
namespace {

// Made and asked for its fingerprint with openssl(1).
constexpr const char* kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBlDCCATmgAwIBAgIUO0yYPlna3/Fbr3TjDgigA1e/wXcwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTQXV0aG9yaXR5IG9mIGEgdGVzdDAgFw0yNjExMjExMzQxMTla
GA8yMTI2MTAyODEzNDExOVowHjEcMBoGA1UEAwwTQXV0aG9yaXR5IG9mIGEgdGVz
dDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNViNSM74UCuNIR7bqal9sJ33PpV
xuDUCf8dAO8Yz28jSqFf89xzJskkpzhJFO0YHtIjUW+XbuS0no0nzarxr7ejUzBR
MB0GA1UdDgQWBBRSRE10in8tNO10tf3LLKhXoZ89QTAfBgNVHSMEGDAWgBRSRE10
in8tNO10tf3LLKhXoZ89QTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kA
MEYCIQD2JFQj/KRARELkJaPKLHPgcAgILQQhmpgq8VXlc2HGvwIhALqNpq5b0vCY
PJ682Y/65fo1PeIV55sZp6ULdo2fsZ39
-----END CERTIFICATE-----
)";

TEST(ACertificate, HasTheFingerprintThatBrowsersShow) {
  EXPECT_EQ(fingerprint_of(kCertificate),
            "46:6D:AD:72:34:90:4A:8D:2C:2A:A4:C4:15:4A:9C:4E:"
            "42:F5:4F:93:6A:B9:B2:D5:B4:B5:1D:F8:5C:69:17:B0");
}

TEST(ACertificate, ThatIsNoneIsRefused) {
  const auto fingerprint =
      fingerprint_of("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(fingerprint.error().message(), "a certificate: cannot read: it is no certificate in PEM form");
}

TEST(ASelfSignedCertificate, IsKnownByAFingerprintOfItsOwn) {
  const auto one = make_self_signed("openhaven.local", std::chrono::hours(1));
  const auto other = make_self_signed("openhaven.local", std::chrono::hours(1));
  ASSERT_TRUE(one && other);
  EXPECT_NE(fingerprint_of(one->certificate).value(), fingerprint_of(other->certificate).value());
}

}  // namespace
}  // namespace stratify
