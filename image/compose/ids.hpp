// Fixed numbers for the users and groups that maintainer scripts make, so that files keep their owners from
// version to version, whichever packages come or go.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "image/manifest.hpp"
#include "platform/error.hpp"

namespace stratify::image {

// From the numbers scripts chose to the fixed ones. Only numbers that Debian policy 9.2.2 leaves to scripts
// (100 to 999) are changed.
class Renumbering {
 public:
  // passwd and group: the files (passwd(5), group(5)) as the scripts left them. kInvalidInput names a user or
  // group without a fixed number, and one that is free.
  [[nodiscard]] static Result<Renumbering> plan(const FixedIds& fixed, std::string_view passwd,
                                                std::string_view group);

  [[nodiscard]] std::uint32_t uid(std::uint32_t chosen) const;
  [[nodiscard]] std::uint32_t gid(std::uint32_t chosen) const;

  // The files with their numbers changed.
  [[nodiscard]] std::string passwd(std::string_view text) const;
  [[nodiscard]] std::string group(std::string_view text) const;

 private:
  std::map<std::uint32_t, std::uint32_t> uids_;
  std::map<std::uint32_t, std::uint32_t> gids_;
};

}  // namespace stratify::image
