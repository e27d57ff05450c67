#include "platform/tar_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "platform/owned.hpp"

namespace stratify {

namespace fs = std::filesystem;

namespace {

using Reader = Owned<archive, archive_read_free>;
using Writer = Owned<archive, archive_write_free>;
using Entry = Owned<archive_entry, archive_entry_free>;

la_ssize_t pass_on(archive* /*writer*/, void* sink, const void* data, size_t size) {
  const auto& take = *static_cast<const ByteSink*>(sink);
  return take({static_cast<const char*>(data), size}) ? static_cast<la_ssize_t>(size) : -1;
}

// A failure of the writer; of the reader only in what cannot be read.
bool copy_content(archive* reader, archive* writer) {
  const void* data = nullptr;
  size_t size = 0;
  la_int64_t at = 0;
  la_int64_t written = 0;
  static constexpr char kZeros[65536] = {};  // NOLINT(cppcoreguidelines-avoid-c-arrays)
  while (archive_read_data_block(reader, &data, &size, &at) == ARCHIVE_OK) {
    for (; written < at;) {  // a hole of a sparse file
      const auto gap = std::min<la_int64_t>(at - written, sizeof(kZeros));
      if (archive_write_data(writer, kZeros, static_cast<size_t>(gap)) < 0) return false;
      written += gap;
    }
    if (archive_write_data(writer, data, size) < 0) return false;
    written += static_cast<la_int64_t>(size);
  }
  return true;  // libarchive fills up what is missing with zeros
}

// "/var/lib/openhaven/data/x" below ".../data" -> "data/x".
std::string name_in_archive(const fs::path& folder, const char* path) {
  return (folder.filename() / fs::path(path).lexically_relative(folder)).lexically_normal().string();
}

Unexpected failed(const fs::path& folder, archive* of) {
  const auto* text = archive_error_string(of);
  return fail(Category::kIo, "archive", folder, text == nullptr ? "it could not be read" : text);
}

}  // namespace

Result<void> write_tar(const fs::path& folder, const ByteSink& sink) {
  if (::access(folder.c_str(), R_OK | X_OK) != 0) return errno_error("archive", folder);
  const Writer writer(archive_write_new());
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  // libarchive wants a pointer that is not const, and pass_on gives it its const back.
  void* client = const_cast<ByteSink*>(&sink);
  if (archive_write_open(writer.get(), client, nullptr, pass_on, nullptr) != ARCHIVE_OK)
    return failed(folder, writer.get());
  const Reader reader(archive_read_disk_new());
  archive_read_disk_set_standard_lookup(reader.get());
  archive_read_disk_set_symlink_physical(reader.get());
  if (archive_read_disk_open(reader.get(), folder.c_str()) != ARCHIVE_OK) return failed(folder, reader.get());
  const Entry entry(archive_entry_new());
  const auto unwanted = [&] {
    return fail(Category::kUnavailable, "archive", folder, "who asked for it went away");
  };
  for (;;) {
    archive_entry_clear(entry.get());
    const int next = archive_read_next_header2(reader.get(), entry.get());
    if (next == ARCHIVE_EOF) break;
    if (next == ARCHIVE_FATAL) return failed(folder, reader.get());
    archive_read_disk_descend(reader.get());
    if (next == ARCHIVE_FAILED) continue;
    archive_entry_set_pathname(entry.get(),
                               name_in_archive(folder, archive_entry_pathname(entry.get())).c_str());
    if (archive_write_header(writer.get(), entry.get()) <= ARCHIVE_FAILED) return unwanted();
    if (archive_entry_size(entry.get()) > 0 && !copy_content(reader.get(), writer.get())) return unwanted();
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return unwanted();
  return {};
}

}  // namespace stratify
