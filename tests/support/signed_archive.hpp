// A tiny Debian archive, indexed and signed, without the packages themselves.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/process.hpp"

namespace stratify::tests {

// An OpenPGP key of its own, in a folder of its own.
class SigningIdentity {
 public:
  explicit SigningIdentity(std::filesystem::path folder);
  ~SigningIdentity();
  SigningIdentity(const SigningIdentity&) = delete;
  SigningIdentity& operator=(const SigningIdentity&) = delete;

  [[nodiscard]] std::filesystem::path keyring() const { return folder_ / "keyring.gpg"; }
  [[nodiscard]] std::string clear_signed(const std::string& text) const;

 private:
  std::string gpg(std::vector<std::string> arguments, const std::string& input = {}) const;
  std::filesystem::path folder_;
};

// One entry of a Packages file; further fields as "Depends: a, b\n".
struct IndexedPackage {
  std::string name;
  std::string version = "1.0";
  std::string fields = {};
};

struct SuiteContent {
  std::string suite = "stable";  // the folder below dists/
  std::vector<IndexedPackage> packages;
  std::string release_fields = {};          // "Valid-Until: ...\n"
  const SigningIdentity* signer = nullptr;  // none: the suite is unsigned
  std::optional<std::string> names = {};    // lines in place of "Suite: <suite>\nCodename: <suite>\n"
  std::string date = "Thu, 01 Jan 2026 00:00:00 UTC";
};

// Writes dists/<suite> below folder.
void write_suite(const std::filesystem::path& folder, const SuiteContent& content);

}  // namespace stratify::tests
