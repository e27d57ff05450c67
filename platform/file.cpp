#include "platform/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace stratify {

namespace fs = std::filesystem;

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Descriptor> open_file(const fs::path& path, int flags, mode_t mode) {
  Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return errno_error("open", path);
  return fd;
}

Result<std::string> read_file(const fs::path& path, std::size_t limit) {
  const auto fd = TRY(open_file(path, O_RDONLY));
  std::string data;
  for (;;) {
    constexpr std::size_t kChunk = 64U << 10U;
    const auto used = data.size();
    data.resize(used + kChunk);
    const auto count = ::read(fd.get(), data.data() + used, kChunk);
    if (count < 0 && errno != EINTR) return errno_error("read", path);
    data.resize(used + static_cast<std::size_t>(count < 0 ? 0 : count));
    if (data.size() > limit) {
      return fail(Category::kInvalidInput, "read", path, "larger than " + std::to_string(limit) + " bytes");
    }
    if (count == 0) return data;
  }
}

Result<void> write_all(int fd, std::string_view data, const std::string& object) {
  while (!data.empty()) {
    const auto count = ::write(fd, data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write", object);
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

namespace {

Result<void> replace_file(const fs::path& path, std::string_view data, mode_t mode, bool durable) {
  if (path.has_parent_path()) TRY(make_folders(path.parent_path()));
  auto pattern = path.string() + ".XXXXXX";
  Descriptor fd(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!fd) return errno_error("create", path);
  const auto written = [&]() -> Result<void> {
    TRY(write_all(fd.get(), data, path));
    if (::fchmod(fd.get(), mode) != 0) return errno_error("set the mode of", path);
    if (durable && ::fsync(fd.get()) != 0) return errno_error("sync", path);
    if (::rename(pattern.c_str(), path.c_str()) != 0) return errno_error("replace", path);
    return {};
  }();
  if (!written) {
    ::unlink(pattern.c_str());
    return written;
  }
  return durable ? sync_folder(path.has_parent_path() ? path.parent_path() : ".") : Result<void>();
}

}  // namespace

Result<void> write_file_durably(const fs::path& path, std::string_view data, mode_t mode) {
  return replace_file(path, data, mode, true);
}

Result<void> write_file(const fs::path& path, std::string_view data, mode_t mode) {
  return replace_file(path, data, mode, false);
}

Result<void> sync_folder(const fs::path& folder) {
  const auto fd = TRY(open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return errno_error("sync", folder);
  return {};
}

Result<void> make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return errno_error("create folder", path, error.value());
  return {};
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return errno_error("remove", path, error.value());
  return {};
}

Result<TemporaryFolder> TemporaryFolder::create(const fs::path& parent, std::string_view prefix) {
  TRY(make_folders(parent));
  auto pattern = (parent / (std::string(prefix) + ".XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) return errno_error("create folder in", parent);
  return TemporaryFolder(pattern);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a destructor has nobody to tell
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace stratify
