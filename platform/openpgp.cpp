#include "platform/openpgp.hpp"

#include <sys/stat.h>

#include <sstream>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"
#include "platform/ostree_signature.hpp"

namespace stratify {

namespace fs = std::filesystem;

namespace {

Command gpg(const fs::path& home, std::vector<std::string> arguments) {
  std::vector<std::string> line = {"gpg", "--homedir", home, "--batch", "--quiet", "--no-tty"};
  line.insert(line.end(), std::make_move_iterator(arguments.begin()),
              std::make_move_iterator(arguments.end()));
  return {.arguments = std::move(line)};
}

Result<void> make_home(const fs::path& home) {
  TRY(make_folders(home));
  if (::chmod(home.c_str(), 0700) != 0) return errno_error("protect", home);
  return {};
}

// The fingerprint of the first secret key in "gpg --with-colons" output (GnuPG's doc/DETAILS): field 10 of
// "fpr".
std::string first_fingerprint(const std::string& listing) {
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("fpr:")) continue;
    const auto end = line.rfind(':');
    return line.substr(line.rfind(':', end - 1) + 1, end - line.rfind(':', end - 1) - 1);
  }
  return {};
}

}  // namespace

Result<SigningKey> SigningKey::in_home(ProcessRunner& runner, const fs::path& home) {
  const auto listing = TRY(run_checked(runner, gpg(home, {"--with-colons", "--list-secret-keys"})));
  const auto fingerprint = first_fingerprint(listing);
  if (fingerprint.empty()) return fail(Category::kNotFound, "sign", home, "there is no secret key in it");
  auto public_key = TRY(run_checked(runner, gpg(home, {"--export", fingerprint})));
  return SigningKey(home, fingerprint, std::move(public_key));
}

Result<SigningKey> SigningKey::development(ProcessRunner& runner, const fs::path& home) {
  TRY(make_home(home));
  if (auto key = in_home(runner, home)) return key;
  TRY(run_checked(runner, gpg(home, {"--passphrase", "", "--quick-generate-key", "OpenHaven development key",
                                     "ed25519", "sign", "never"})));
  return in_home(runner, home);
}

Result<SigningKey> SigningKey::from_file(ProcessRunner& runner, const fs::path& file, const fs::path& homes) {
  // A home for each file, so that it holds this key and no other.
  const auto home = homes / TRY(Sha256::of_file(file)).hex().substr(0, 16);
  TRY(make_home(home));
  TRY(run_checked(runner, gpg(home, {"--import", file})));
  return in_home(runner, home);
}

Result<void> SigningKey::sign_commit(const fs::path& repository, const Sha256& commit) const {
  const auto keyring = home_ / "public.gpg";
  TRY(write_file(keyring, public_key_));
  if (ostree::verify_signature(repository, commit, keyring)) return {};

  const auto repo = TRY(ostree::open_repo(repository));
  ostree::GlibFailure failure;
  if (ostree_repo_sign_commit(repo.get(), commit.hex().c_str(), fingerprint_.c_str(), home_.c_str(), nullptr,
                              failure) == FALSE) {
    return failure.as("sign", commit.hex());
  }
  return {};
}

Result<std::string> SigningKey::sign_data(ProcessRunner& runner, std::string_view data) const {
  auto command = gpg(home_, {"--local-user", fingerprint_, "--digest-algo", "SHA512", "--detach-sign"});
  command.input = data;
  return run_checked(runner, command);
}

Result<void> SigningKey::write_summary(const fs::path& repository, std::span<const SigningKey> keys) {
  const auto repo = TRY(ostree::open_repo(repository));
  for (const auto& key : keys) {
    const char* const ids[] = {key.fingerprint_.c_str(), nullptr};
    ostree::GlibFailure failure;
    bool signed_by_it = false;
    if (&key == keys.data()) {  // together with the content, so that no summary is ever without a signature
      GVariantBuilder options;
      g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add(&options, "{sv}", "gpg-key-ids", g_variant_new_strv(ids, 1));
      g_variant_builder_add(&options, "{sv}", "gpg-homedir", g_variant_new_string(key.home_.c_str()));
      const ostree::Variant owned(g_variant_ref_sink(g_variant_builder_end(&options)));
      signed_by_it =
          ostree_repo_regenerate_metadata(repo.get(), nullptr, owned.get(), nullptr, failure) != FALSE;
    } else {
      signed_by_it = ostree_repo_add_gpg_signature_summary(repo.get(), const_cast<const gchar**>(ids),
                                                           key.home_.c_str(), nullptr, failure) != FALSE;
    }
    if (!signed_by_it) return failure.as("write the summary of", repository);
  }
  return {};
}

}  // namespace stratify
