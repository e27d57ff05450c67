#include "platform/credential.hpp"

#include <cstdlib>
#include <filesystem>

#include "platform/file.hpp"

namespace stratify {

std::optional<std::string> credential(std::string_view name, std::size_t longest) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return std::nullopt;
  auto value = read_file(std::filesystem::path(folder) / name, longest);
  if (!value) return std::nullopt;
  if (value->ends_with('\n')) value->pop_back();
  return *std::move(value);
}

}  // namespace stratify
