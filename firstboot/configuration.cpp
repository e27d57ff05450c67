#include "firstboot/configuration.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "platform/file.hpp"

namespace stratify::firstboot {

namespace {

constexpr std::string_view kHeader =
    "# Your cloud. Everything not written here follows the defaults of the installed version.\n"
    "# After a change run: systemctl restart haven-stack\n";

}  // namespace

Result<std::optional<stack::Domain>> configured_domain(const std::filesystem::path& cloud_yaml) {
  const auto text = read_file(cloud_yaml, 1U << 20U);
  if (!text && text.error().category() == Category::kNotFound) return std::optional<stack::Domain>();
  if (!text) return std::unexpected(text.error());
  try {
    const auto root = YAML::Load(*text);
    if (root.IsNull()) return std::optional<stack::Domain>();
    if (!root.IsMap())
      return fail(Category::kInvalidInput, "read", cloud_yaml, "it is no list of keys and values");
    const auto domain = root["domain"];
    if (!domain || domain.IsNull()) return std::optional<stack::Domain>();
    return std::optional<stack::Domain>(TRY(stack::Domain::parse(domain.as<std::string>())));
  } catch (const YAML::Exception& error) {
    return fail(Category::kInvalidInput, "read", cloud_yaml, error.what());
  }
}

std::string with_domain(std::string_view cloud_yaml, const stack::Domain& domain) {
  const auto line = "domain: " + domain.ascii() + "\n";
  if (cloud_yaml.empty()) return std::string(kHeader) + line;
  constexpr std::string_view kKey = "domain:";
  std::string text(cloud_yaml);
  const auto at = text.starts_with(kKey) ? 0 : text.find("\n" + std::string(kKey));
  if (at == std::string::npos) return line + text;
  const auto begin = at == 0 ? 0 : at + 1;
  const auto end = std::min(text.find('\n', begin), text.size() - 1);
  return text.replace(begin, end - begin + 1, line);
}

}  // namespace stratify::firstboot
