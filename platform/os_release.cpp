#include "platform/os_release.hpp"

#include "platform/file.hpp"

namespace stratify {

std::string running_version(const std::filesystem::path& root) {
  const auto text = "\n" + read_file(root / "usr/lib/os-release", 64U << 10U).value_or("");
  constexpr std::string_view kKey = "\nIMAGE_VERSION=";
  const auto begin = text.find(kKey);
  if (begin == std::string::npos) return "unknown";
  const auto value = text.substr(begin + kKey.size());
  return value.substr(0, value.find('\n'));
}

}  // namespace stratify
