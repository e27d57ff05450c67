// Where Debian's archives are fetched from.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/lock.hpp"
#include "platform/error.hpp"

namespace stratify::image {

// The address of the archive "debian"; its sibling "debian-security" beside it unless known otherwise.
class Mirror {
 public:
  // An address of the archive "debian": "https://mirror.example/debian". kInvalidInput unless it is http,
  // https or file.
  [[nodiscard]] static Result<Mirror> at(std::string_view address);

  // The first addresses of a list that end in the archives' names. kNotFound when there is none for "debian".
  [[nodiscard]] static Result<Mirror> among(const std::vector<std::string>& addresses);

  // The wish, or else what the apt configuration below etc ("/etc/apt") uses.
  [[nodiscard]] static Result<Mirror> find(const std::optional<std::string>& wish,
                                           const std::filesystem::path& etc);

  [[nodiscard]] std::string archive(std::string_view name) const;  // without a final '/'
  [[nodiscard]] std::string address_of(const LockedPackage& package) const;

 private:
  Mirror(std::string debian, std::string security)
      : debian_(std::move(debian)), security_(std::move(security)) {}
  std::string debian_;
  std::string security_;
};

}  // namespace stratify::image
