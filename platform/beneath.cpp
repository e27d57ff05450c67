#include "platform/beneath.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stratify {

namespace fs = std::filesystem;

namespace {

Result<Descriptor> open_beneath(const fs::path& root, const fs::path& path, int flags) {
  const auto top = TRY(open_file(root, O_PATH | O_DIRECTORY));
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  Descriptor fd(
      static_cast<int>(::syscall(SYS_openat2, top.get(), path.relative_path().c_str(), &how, sizeof(how))));
  if (!fd) return errno_error("open", root / path.relative_path());
  return fd;
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
