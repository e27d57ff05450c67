#include "tests/support/signed_archive.hpp"

#include <format>

#include "platform/file.hpp"
#include "platform/sha256.hpp"

namespace stratify::tests {

namespace fs = std::filesystem;

SigningIdentity::SigningIdentity(fs::path folder) : folder_(std::move(folder)) {
  fs::create_directories(folder_);
  fs::permissions(folder_, fs::perms::owner_all);
  gpg({"--passphrase", "", "--quick-generate-key", "Test <test@example.org>", "ed25519", "sign", "never"});
  gpg({"--output", keyring(), "--export"});
}

SigningIdentity::~SigningIdentity() {
  RealProcessRunner runner;
  const auto ignored = runner.run({.arguments = {"gpgconf", "--homedir", folder_, "--kill", "all"}});
  static_cast<void>(ignored);  // an agent whose folder vanishes ends by itself
}

std::string SigningIdentity::clear_signed(const std::string& text) const {
  return gpg({"--clear-sign"}, text);
}

std::string SigningIdentity::gpg(std::vector<std::string> arguments, const std::string& input) const {
  RealProcessRunner runner;
  arguments.insert(arguments.begin(), {"gpg", "--homedir", folder_, "--batch", "--quiet", "--yes",
                                       "--pinentry-mode", "loopback"});
  return run_checked(runner, {.arguments = std::move(arguments), .input = input}).value();
}

namespace {

std::string entry_of(const IndexedPackage& package) {
  const auto file = std::format("pool/main/{}_{}_amd64.deb", package.name, package.version);
  return std::format(
      "Package: {}\nVersion: {}\nArchitecture: amd64\nFilename: {}\nSize: 1000\nSHA256: {}\n{}\n",
      package.name, package.version, file, Sha256::of(file).hex(), package.fields);
}

std::string release_of(const SuiteContent& content, const std::string& packages) {
  const auto names = content.names.value_or(std::format("Suite: {0}\nCodename: {0}\n", content.suite));
  return std::format(
      "Origin: Test\n{0}Date: {4}\n{1}Architectures: "
      "amd64\nComponents: main\n"
      "SHA256:\n {2} {3} main/binary-amd64/Packages\n",
      names, content.release_fields, Sha256::of(packages).hex(), packages.size(), content.date);
}

}  // namespace

void write_suite(const fs::path& folder, const SuiteContent& content) {
  std::string packages;
  for (const auto& package : content.packages) packages += entry_of(package);
  const auto release = release_of(content, packages);
  const auto suite = folder / "dists" / content.suite;
  write_file(suite / "main/binary-amd64/Packages", packages).value();
  write_file(suite / "Release", release).value();
  if (content.signer != nullptr)
    write_file(suite / "InRelease", content.signer->clear_signed(release)).value();
}

}  // namespace stratify::tests
