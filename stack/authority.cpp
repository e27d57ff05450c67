#include "stack/authority.hpp"

#include "platform/beneath.hpp"
#include "platform/file.hpp"

namespace stratify::stack {

namespace fs = std::filesystem;

namespace {

constexpr const char* kProxyData = "var/lib/openhaven/data/caddy";

}  // namespace

// The proxy may write all of its folder, and it is what strangers talk to.
Result<std::string> own_authority(const std::filesystem::path& root) {
  return read_file_beneath(root, fs::path(kProxyData) / "pki/authorities/local/root.crt", 64U << 10U);
}

Result<void> forget_own_certificate(const std::filesystem::path& root, const std::string& name) {
  const auto folder = open_folder_beneath(root, fs::path(kProxyData) / "certificates/local");
  if (folder) return remove_tree(path_of(*folder) / name);
  if (folder.error().category() == Category::kNotFound) return {};
  return std::unexpected(folder.error());
}

std::string known_fingerprint(const std::filesystem::path& file) {
  auto line = read_file(file, 256).value_or("");
  return line.substr(0, line.find('\n'));
}

}  // namespace stratify::stack
