#include "stack/authority.hpp"

#include "platform/file.hpp"

namespace stratify::stack {

namespace {

constexpr const char* kProxyData = "var/lib/openhaven/data/caddy";

}  // namespace

Result<std::string> own_authority(const std::filesystem::path& root) {
  return read_file(root / kProxyData / "pki/authorities/local/root.crt", 64U << 10U);
}

Result<void> forget_own_certificate(const std::filesystem::path& root, const std::string& name) {
  return remove_tree(root / kProxyData / "certificates/local" / name);
}

std::string known_fingerprint(const std::filesystem::path& file) {
  auto line = read_file(file, 256).value_or("");
  return line.substr(0, line.find('\n'));
}

}  // namespace stratify::stack
