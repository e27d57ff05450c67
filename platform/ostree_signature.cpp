#include "platform/ostree_signature.hpp"

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

}  // namespace

Result<std::string> verify_signature(const std::filesystem::path& repository, const Sha256& commit,
                                     const std::filesystem::path& keyring) {
  const Handle<GFile> path(g_file_new_for_path(repository.c_str()));
  const Handle<GFile> keys(g_file_new_for_path(keyring.c_str()));
  const Handle<OstreeRepo> repo(ostree_repo_new(path.get()));
  GlibFailure failure;
  if (!ostree_repo_open(repo.get(), nullptr, failure)) return failure.as("open repository", repository);
  const Handle<OstreeGpgVerifyResult> verdict(
      ostree_repo_verify_commit_ext(repo.get(), commit.hex().c_str(), nullptr, keys.get(), nullptr, failure));
  if (!verdict || !ostree_gpg_verify_result_require_valid_signature(verdict.get(), failure)) {
    return failure.as("verify the signature of", commit.hex());
  }
  return fingerprint_of(verdict.get());
}

}  // namespace stratify::ostree
