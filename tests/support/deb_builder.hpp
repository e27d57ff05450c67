// Debian packages made in memory, good and hostile.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stratify::test {

// One member of a tar archive, written as it stands here, sound or not.
struct TarEntry {
  std::string path;
  mode_t type = S_IFREG;
  std::string content = {};
  std::string target = {};     // of a symlink
  std::string hard_link = {};  // non-empty: a hard link to this
  std::uint32_t mode = 0644;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::map<std::string, std::string> xattrs = {};
};

[[nodiscard]] TarEntry folder(std::string path, std::uint32_t mode = 0755);

// filter: "", "gz", "xz" or "zst".
[[nodiscard]] std::string tar(const std::vector<TarEntry>& entries, std::string_view filter = "xz");

// A member of the outer archive: name and content.
struct ArMember {
  std::string name;
  std::string content;
};
[[nodiscard]] std::string ar(const std::vector<ArMember>& members);

inline constexpr std::string_view kControl =
    "Package: tiny\nVersion: 1.0-1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: "
    "tiny\n";

struct DebContent {
  std::vector<TarEntry> data;  // "./" is put before them
  std::vector<TarEntry> control = {{.path = "./control", .content = std::string(kControl)}};
  std::string_view filter = "xz";
};
[[nodiscard]] std::string deb(const DebContent& content);

}  // namespace stratify::test
