#include "platform/ostree_signature.hpp"

#include <optional>

#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace {

// The first signature that is valid; there is one, or libostree would have refused the whole.
std::string fingerprint_of(OstreeGpgVerifyResult* verdict) {
  OstreeGpgSignatureAttr wanted[] = {OSTREE_GPG_SIGNATURE_ATTR_VALID, OSTREE_GPG_SIGNATURE_ATTR_FINGERPRINT};
  for (guint i = 0; i < ostree_gpg_verify_result_count_all(verdict); ++i) {
    const Variant signature(
        g_variant_ref_sink(ostree_gpg_verify_result_get(verdict, i, wanted, G_N_ELEMENTS(wanted))));
    gboolean valid = FALSE;
    const char* fingerprint = nullptr;
    g_variant_get(signature.get(), "(b&s)", &valid, &fingerprint);
    if (valid) return fingerprint;
  }
  return {};
}

using Bytes = Owned<GBytes, g_bytes_unref>;

Bytes bytes_of(std::string_view data) { return Bytes(g_bytes_new_static(data.data(), data.size())); }

// Without the name of a remote, libostree looks at the keys it is given and at no others.
Result<std::string> verify_by(OstreeRepo* repo, GBytes* data, GBytes* signatures,
                              const std::filesystem::path& keyring) {
  const Handle<GFile> keys(g_file_new_for_path(keyring.c_str()));
  const bool folder = std::filesystem::is_directory(keyring);
  GlibFailure failure;
  const Handle<OstreeGpgVerifyResult> verdict(
      ostree_repo_gpg_verify_data(repo, nullptr, data, signatures, folder ? keys.get() : nullptr,
                                  folder ? nullptr : keys.get(), nullptr, failure));
  if (!verdict || !ostree_gpg_verify_result_require_valid_signature(verdict.get(), failure)) {
    // Whatever libostree calls it, such as an I/O error for a signature cut short: the data is not to be
    // used.
    return fail(Category::kVerification, "verify by", keyring, failure.as("", "").error().cause());
  }
  return fingerprint_of(verdict.get());
}

}  // namespace

Result<std::string> verify_signature(const std::filesystem::path& repository, const Sha256& commit,
                                     const std::filesystem::path& keyring) {
  const Handle<GFile> keys(g_file_new_for_path(keyring.c_str()));
  const auto repo = TRY(open_repo(repository));
  GlibFailure failure;
  const Handle<OstreeGpgVerifyResult> verdict(
      ostree_repo_verify_commit_ext(repo.get(), commit.hex().c_str(), nullptr, keys.get(), nullptr, failure));
  if (!verdict || !ostree_gpg_verify_result_require_valid_signature(verdict.get(), failure)) {
    return failure.as("verify the signature of", commit.hex());
  }
  return fingerprint_of(verdict.get());
}

Result<std::string> verify_data(const std::filesystem::path& repository, std::string_view data,
                                std::string_view signatures,
                                const std::vector<std::filesystem::path>& keyrings) {
  if (signatures.empty()) return fail(Category::kVerification, "verify", "", "it is not signed");
  const auto repo = TRY(open_repo(repository));
  const auto signed_bytes = bytes_of(data);
  const auto signature_bytes = bytes_of(signatures);
  std::optional<Error> refused;
  for (const auto& keyring : keyrings) {
    auto fingerprint = verify_by(repo.get(), signed_bytes.get(), signature_bytes.get(), keyring);
    if (fingerprint) return fingerprint;
    refused = refused ? refused->and_then_failed(fingerprint.error()) : fingerprint.error();
  }
  if (refused) return std::unexpected(*refused);
  return fail(Category::kVerification, "verify", "", "there is no keyring to trust");
}

}  // namespace stratify::ostree
