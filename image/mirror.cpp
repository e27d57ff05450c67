#include "image/mirror.hpp"

#include <algorithm>
#include <array>

#include "platform/apt.hpp"

namespace stratify::image {

namespace {

constexpr std::string_view kDebian = "debian";
constexpr std::string_view kSecurity = "debian-security";
constexpr std::string_view kNext = "name one with --mirror https://<host>/debian";

std::string_view without_slash(std::string_view address) {
  while (address.ends_with('/')) address.remove_suffix(1);
  return address;
}

bool is_usable(std::string_view address) {
  constexpr std::array<std::string_view, 3> kSchemes{"http://", "https://", "file:/"};
  return std::ranges::any_of(
      kSchemes, [&](auto scheme) { return address.starts_with(scheme) && address.size() > scheme.size(); });
}

bool is_archive(std::string_view address, std::string_view name) {
  const auto slash = address.rfind('/');
  return is_usable(address) && slash != std::string_view::npos && address.substr(slash + 1) == name;
}

std::string sibling(std::string_view address, std::string_view name) {
  return std::string(address.substr(0, address.rfind('/') + 1)) + std::string(name);
}

std::string first_of(const std::vector<std::string>& addresses, std::string_view name) {
  for (const auto& address : addresses) {
    if (is_archive(without_slash(address), name)) return std::string(without_slash(address));
  }
  return {};
}

}  // namespace

Result<Mirror> Mirror::at(std::string_view address) {
  const auto debian = without_slash(address);
  if (!is_archive(debian, kDebian)) {
    return fail(
        Category::kInvalidInput, "use mirror", std::string(address),
        "expected an http, https or file address that ends in /debian, such as https://<host>/debian");
  }
  return Mirror(std::string(debian), sibling(debian, kSecurity));
}

Result<Mirror> Mirror::among(const std::vector<std::string>& addresses) {
  const auto debian = first_of(addresses, kDebian);
  if (debian.empty())
    return fail(Category::kNotFound, "find a Debian mirror in", "the apt configuration", std::string(kNext));
  const auto security = first_of(addresses, kSecurity);
  return Mirror(debian, security.empty() ? sibling(debian, kSecurity) : security);
}

Result<Mirror> Mirror::find(const std::optional<std::string>& wish, const std::filesystem::path& etc) {
  if (wish) return at(*wish);
  return among(TRY(apt::configured_uris(etc)));
}

std::string Mirror::archive(std::string_view name) const { return name == kSecurity ? security_ : debian_; }

std::string Mirror::address_of(const LockedPackage& package) const {
  return archive(package.archive) + "/" + package.path;
}

}  // namespace stratify::image
