// What the owner has to know, as far as the disk tells.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stratify::rescue {

// A folder of data that can be downloaded. path: relative to /var/lib/openhaven, "data" or "data-sets/<name>".
struct Archive {
  std::string path;
  std::string meaning;  // "your data as it is now"
  friend bool operator==(const Archive&, const Archive&) = default;
};

struct Facts {
  std::string version;  // that runs
  std::string story;    // sentences
  std::vector<Archive> archives;
};

// Whatever cannot be read is said in the story, and is no error: this is for when things are broken.
[[nodiscard]] Facts read_facts(const std::filesystem::path& root);

}  // namespace stratify::rescue
