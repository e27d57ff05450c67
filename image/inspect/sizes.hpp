// What the bytes of a version are for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image/inspect/content.hpp"

namespace stratify::image {

struct SizeRow {
  std::string tree;         // "os", "caddy"
  std::string what;         // a package, or a folder no package owns: "podman", "/usr/lib/modules"
  std::uint64_t bytes = 0;  // of content that nothing before it has, uncompressed
  std::uint64_t files = 0;
};

struct SizeTable {
  std::vector<SizeRow> rows;    // the largest first
  std::uint64_t bytes = 0;      // each content once, as the repository keeps it
  std::uint64_t all_bytes = 0;  // as if every tree were kept by itself
};

// A file that several paths share counts for the first of them, the OS before the services.
[[nodiscard]] SizeTable size_table(const Content& content);

// The rows of at least `least` bytes; the smaller ones of each tree become one row: "171 smaller things".
[[nodiscard]] std::vector<SizeRow> summarised(const SizeTable& table, std::uint64_t least);

}  // namespace stratify::image
