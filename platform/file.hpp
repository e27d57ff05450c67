// Files as the programs use them: whole reads with a bound, atomic durable writes, owned descriptors.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "platform/error.hpp"

namespace stratify {

// A file descriptor, closed by its destructor. Move-only.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release();
  void reset();

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC added.
[[nodiscard]] Result<Descriptor> open_file(const std::filesystem::path& path, int flags, mode_t mode = 0644);

// The whole file, refused with kInvalidInput when larger than limit bytes.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t limit = 64U << 20U);

// All of data to fd, however many write(2) calls that takes.
[[nodiscard]] Result<void> write_all(int fd, std::string_view data, const std::string& object);

// Replaces path so that a reader, or the next boot, sees the old content or the new, never a part: temporary
// file in the same folder, fsync, rename, fsync of the folder. Missing parent folders are created.
[[nodiscard]] Result<void> write_file_durably(const std::filesystem::path& path, std::string_view data,
                                              mode_t mode = 0644);

// As above without the fsync, for what can be made again.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::string_view data,
                                      mode_t mode = 0644);

// fsync(2) of a folder, so that names created in it survive a power cut.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

[[nodiscard]] Result<void> make_folders(const std::filesystem::path& path);

// Removes path and all below it; a path that does not exist is no error.
[[nodiscard]] Result<void> remove_tree(const std::filesystem::path& path);

// A fresh folder below parent, removed with all its content by the destructor. Move-only.
class TemporaryFolder {
 public:
  [[nodiscard]] static Result<TemporaryFolder> create(const std::filesystem::path& parent,
                                                      std::string_view prefix = "work");
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace stratify
