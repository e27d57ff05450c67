// What a file, symlink or folder has besides its name and content.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace stratify {

struct Attributes {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0644;                  // permission bits with setuid, setgid and sticky; no file type
  std::map<std::string, std::string> xattrs;  // name -> bytes, e.g. "security.capability"
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

}  // namespace stratify
