// Writes the start corpus of deb_fuzz: a small package in every compression.
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "platform/file.hpp"
#include "tests/support/deb_builder.hpp"

int main(int argc, char** argv) {
  using namespace stratify;
  if (argc != 2) return 2;
  const std::filesystem::path corpus = argv[1];
  for (const std::string filter : {"", "gz", "xz", "zst"}) {
    const auto bytes = test::deb({.data = {test::folder("./usr/"),
                                           {.path = "./usr/a", .content = "A", .xattrs = {{"user.a", "1"}}},
                                           {.path = "./usr/b", .hard_link = "./usr/a"},
                                           {.path = "./usr/c", .type = S_IFLNK, .target = "a"}},
                                  .filter = filter});
    if (!write_file(corpus / ("seed." + filter), bytes)) return 1;
  }
  return 0;
}
