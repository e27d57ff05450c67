#include "platform/beneath.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <iterator>
#include <utility>

namespace stratify {

namespace fs = std::filesystem;

namespace {

// One name at a time, and not by openat2(2): units with RestrictSUIDSGID= have none (systemd.exec(5)).
Result<Descriptor> open_beneath(const fs::path& root, const fs::path& path, int flags) {
  auto at = TRY(open_file(root, O_PATH | O_DIRECTORY));
  const auto names = path.relative_path();
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (*name == "..") return fail(Category::kInvalidInput, "open", root / names, "it leads upwards");
    const auto how = std::next(name) == names.end() ? flags : O_PATH | O_DIRECTORY;
    Descriptor next(::openat(at.get(), name->c_str(), how | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return errno_error("open", root / names);
    at = std::move(next);
  }
  return at;
}

}  // namespace

Result<Descriptor> open_folder_beneath(const fs::path& root, const fs::path& path) {
  return open_beneath(root, path, O_RDONLY | O_DIRECTORY);
}

Result<std::string> read_file_beneath(const fs::path& root, const fs::path& path, std::size_t limit) {
  const auto fd = TRY(open_beneath(root, path, O_RDONLY | O_NONBLOCK));
  struct stat about{};
  if (::fstat(fd.get(), &about) != 0) return errno_error("look at", root / path);
  if (!S_ISREG(about.st_mode)) return fail(Category::kInvalidInput, "read", root / path, "it is not a file");
  return read_file(path_of(fd), limit);
}

fs::path path_of(const Descriptor& descriptor) { return "/proc/self/fd/" + std::to_string(descriptor.get()); }

}  // namespace stratify
