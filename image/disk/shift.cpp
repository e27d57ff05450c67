// Moving the content of a file up without rewriting it, and one file's data into another.
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "image/disk/filesystems.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

// copy_file_range(2) shares blocks where the file system can; between file systems it refuses and sendfile(2)
// copies.
ssize_t copy_some(int from, int to, off_t& begin, off_t target, std::size_t most) {
  off_t written = target;
  const auto count = ::copy_file_range(from, &begin, to, &written, most, 0);
  if (count >= 0 || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP)) return count;
  if (::lseek(to, target, SEEK_SET) < 0) return -1;
  return ::sendfile(to, from, &begin, most);
}

Result<void> copy_range(int from, int to, off_t begin, off_t end, off_t offset, const fs::path& file) {
  while (begin < end) {
    const auto count = copy_some(from, to, begin, begin + offset, static_cast<std::size_t>(end - begin));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("copy", file);
    if (count == 0) return fail(Category::kIo, "copy", file, "it became shorter meanwhile");
  }
  return {};
}

Result<void> copy_data(int from, int to, off_t size, off_t offset, const fs::path& file) {
  for (off_t begin = 0; begin < size;) {
    begin = ::lseek(from, begin, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return {};  // only a hole is left
    const auto end = begin < 0 ? begin : ::lseek(from, begin, SEEK_HOLE);
    if (end < 0) return errno_error("find the data of", file);
    TRY(copy_range(from, to, begin, end, offset, file));
    begin = end;
  }
  return {};
}

}  // namespace

Result<void> shift_by_copying(const fs::path& file, std::uint64_t offset) {
  const auto from = TRY(open_file(file, O_RDONLY));
  const auto moved = file.string() + ".moved";
  const auto to = TRY(open_file(moved, O_RDWR | O_CREAT | O_TRUNC));
  struct stat status{};
  const auto distance = static_cast<off_t>(offset);
  if (::fstat(from.get(), &status) != 0 || ::ftruncate(to.get(), status.st_size + distance) != 0) {
    return errno_error("size", moved);
  }
  TRY(copy_data(from.get(), to.get(), status.st_size, distance, file));
  if (::rename(moved.c_str(), file.c_str()) != 0) return errno_error("replace", file);
  return {};
}

Result<void> copy_into(const fs::path& disk, std::uint64_t offset, const fs::path& file) {
  const auto from = TRY(open_file(file, O_RDONLY));
  const auto to = TRY(open_file(disk, O_WRONLY));
  struct stat status{};
  if (::fstat(from.get(), &status) != 0) return errno_error("measure", file);
  return copy_data(from.get(), to.get(), status.st_size, static_cast<off_t>(offset), file);
}

Result<void> shift(const fs::path& file, std::uint64_t offset) {
  const auto fd = TRY(open_file(file, O_RDWR));
  if (::fallocate(fd.get(), FALLOC_FL_INSERT_RANGE, 0, static_cast<off_t>(offset)) == 0) return {};
  if (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS) return errno_error("shift", file);
  return shift_by_copying(file, offset);
}

}  // namespace stratify::image
