// What rendering wants the machine to be: files, folders, secrets, units. Plain data; applying makes it so.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stack/live.hpp"

namespace stratify::stack {

// Paths are absolute on the machine.
struct RenderedFile {
  std::string path;
  std::string content;
  mode_t mode = 0644;
  friend bool operator==(const RenderedFile&, const RenderedFile&) = default;
};

// A folder of data: a btrfs subvolume where the file system can, made once and never removed by applying.
struct DataFolder {
  std::string path;
  bool subvolume = false;
  std::uint32_t owner = 0;  // user and group
  mode_t mode = 0700;
  friend bool operator==(const DataFolder&, const DataFolder&) = default;
};

// A secret of podman's, filled from a file of root's alone.
struct WantedSecret {
  std::string name;  // "openhaven-users"
  std::string file;  // "/var/lib/openhaven/secrets/users"
  friend bool operator==(const WantedSecret&, const WantedSecret&) = default;
};

struct WantedUnit {
  std::string unit;   // "radicale.service"
  std::string title;  // for progress: "Calendar and contacts"
  bool can_reload = false;
  std::vector<std::string> definition;  // paths of files whose change needs a restart
  std::vector<std::string>
      configuration;                 // paths of files whose change needs a reload, or a restart without one
  std::vector<std::string> secrets;  // names of secrets whose change needs a restart
  friend bool operator==(const WantedUnit&, const WantedUnit&) = default;
};

struct DesiredState {
  std::vector<RenderedFile> files;
  std::vector<DataFolder> folders;
  std::vector<WantedSecret> secrets;
  std::vector<WantedUnit> units;
  std::optional<Live> live;  // nothing before the claim
};

}  // namespace stratify::stack
