#include "platform/ostree_signature.hpp"

#include <format>
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

struct Refusal {
  std::string fingerprint;
  bool key_missing = false;
  bool key_revoked = false;
  bool key_expired = false;
  bool expired = false;
};

Refusal refusal_at(OstreeGpgVerifyResult* verdict, guint number) {
  OstreeGpgSignatureAttr wanted[] = {
      OSTREE_GPG_SIGNATURE_ATTR_FINGERPRINT, OSTREE_GPG_SIGNATURE_ATTR_KEY_MISSING,
      OSTREE_GPG_SIGNATURE_ATTR_KEY_REVOKED, OSTREE_GPG_SIGNATURE_ATTR_KEY_EXPIRED,
      OSTREE_GPG_SIGNATURE_ATTR_SIG_EXPIRED};
  const Variant signature(
      g_variant_ref_sink(ostree_gpg_verify_result_get(verdict, number, wanted, G_N_ELEMENTS(wanted))));
  const char* fingerprint = nullptr;
  gboolean flags[4] = {};
  g_variant_get(signature.get(), "(&sbbbb)", &fingerprint, &flags[0], &flags[1], &flags[2], &flags[3]);
  return {.fingerprint = fingerprint,
          .key_missing = flags[0] != FALSE,
          .key_revoked = flags[1] != FALSE,
          .key_expired = flags[2] != FALSE,
          .expired = flags[3] != FALSE};
}

// Completes "the signature by key ...".
std::string_view sentence_of(const Refusal& refusal) {
  if (refusal.key_missing) return "is of a key that is not trusted here";
  if (refusal.key_revoked) return "is of a key that was revoked";
  if (refusal.key_expired) return "is of a key that has expired";
  if (refusal.expired) return "has expired";
  return "does not match: what it signs was changed, or the clock of this machine is earlier than it";
}

// One sentence for every signature, because none of them is valid.
std::string why_refused(OstreeGpgVerifyResult* verdict) {
  const auto count = ostree_gpg_verify_result_count_all(verdict);
  std::string text = count == 0 ? "there is no signature" : "";
  for (guint i = 0; i < count; ++i) {
    const auto refusal = refusal_at(verdict, i);
    text += std::format("{}the signature by key {} {}", i == 0 ? "" : "; ", refusal.fingerprint,
                        sentence_of(refusal));
  }
  return text;
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
  // Whatever libostree calls it, such as an I/O error for a signature cut short: the data is not to be used.
  if (!verdict)
    return fail(Category::kVerification, "verify by", keyring, failure.as("", "").error().cause());
  if (ostree_gpg_verify_result_count_valid(verdict.get()) == 0)
    return fail(Category::kVerification, "verify by", keyring, why_refused(verdict.get()));
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
  if (!verdict) return failure.as("verify the signature of", commit.hex());
  if (ostree_gpg_verify_result_count_valid(verdict.get()) == 0) {
    return fail(Category::kVerification, "verify the signature of", commit.hex(), why_refused(verdict.get()));
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
