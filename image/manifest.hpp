// What an image is made of, as a person writes it in YAML.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"

namespace stratify::image {

// One signed package archive, e.g. trixie-security.
struct Suite {
  std::string name;                     // "trixie-backports"
  std::string archive;                  // "debian" or "debian-security": which of the mirror's archives
  std::vector<std::string> components;  // {"main"}
  std::filesystem::path keyring;        // OpenPGP keys that may sign its index
  std::vector<std::string> only;        // non-empty: only these packages (and nothing else) are taken from it
};

// Where the files of a rule are found.
enum class FileOrigin {
  kProject,  // in the project's folder
  kBuild,    // written "build:...": in the tree that `cmake --install --component appliance` makes
};

// Files of ours. A folder: its content is laid below `to`. A file: `to` is its new path, or with a final '/'
// the folder that receives it. All belong to root, 0755 when executable and 0644 otherwise; symbolic links
// stay links.
struct FileRule {
  std::filesystem::path from;  // relative to the origin, without ".."; empty: all of it
  std::filesystem::path to;    // absolute path inside the image
  FileOrigin origin = FileOrigin::kProject;
};

// Numbers of the users and groups that packages make, by name; see compose/ids.hpp.
struct FixedIds {
  std::map<std::string, std::uint32_t> users;
  std::map<std::string, std::uint32_t> groups;
};

// What both the OS and a service image have.
struct TreeRecipe {
  std::string name;                   // "os", "caddy", "radicale", ...
  std::vector<std::string> packages;  // asked for by name; the lock adds what they depend on
  std::vector<std::string> remove;   // packages that only composing needs: their files and status are dropped
  std::vector<std::string> exclude;  // globs of paths never kept, e.g. "/usr/share/doc/**"
  std::vector<FileRule> files;       // laid over the packages
  FixedIds ids;
};

struct ServiceRecipe {
  TreeRecipe tree;
  std::vector<std::string> command;      // entry point and arguments of the container
  std::string user;                      // "0:0" unless given
  std::vector<std::string> environment;  // "KEY=value"
  std::string working_folder;            // "/" unless given
};

struct DiskLayout {
  std::uint64_t size_mib = 0;  // of the disk as flashed; the root grows at first boot
  std::uint64_t esp_mib = 0;
  std::uint64_t boot_mib = 0;
  std::uint64_t virtual_mib = 0;  // of the qcow2 image as a virtual machine sees it; 0: as flashed
};

struct Manifest {
  std::string name;          // "core"
  std::string version;       // "0.1.0"
  std::string architecture;  // "amd64"
  std::vector<Suite> suites;
  TreeRecipe os;
  std::vector<ServiceRecipe> services;
  std::vector<std::string> kernel_arguments;
  DiskLayout disk;
};

// Reads a manifest and the service recipes it names (paths relative to the manifest's folder). Errors name
// file, line, column and what was expected (kInvalidInput).
[[nodiscard]] Result<Manifest> load_manifest(const std::filesystem::path& path);

struct Document {
  std::string text;
  std::string file_name;  // for messages
};

// Gives the recipe of a service by its name.
using RecipeSource = std::function<Result<Document>(const std::string& name)>;

// load_manifest without the file system.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text, const std::string& file_name,
                                              const RecipeSource& recipe);

}  // namespace stratify::image
