#include "tests/support/deb_builder.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <format>
#include <stdexcept>

#include "platform/owned.hpp"

namespace stratify::test {

namespace {

using Writer = Owned<archive, archive_write_free>;
using Entry = Owned<archive_entry, archive_entry_free>;

la_ssize_t append(archive*, void* to, const void* data, std::size_t size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

void write(archive* writer, const TarEntry& from) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), from.path.c_str());
  archive_entry_set_filetype(entry.get(), from.type);
  archive_entry_set_perm(entry.get(), from.mode);
  archive_entry_set_uid(entry.get(), from.uid);
  archive_entry_set_gid(entry.get(), from.gid);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(from.content.size()));
  if (!from.target.empty()) archive_entry_set_symlink(entry.get(), from.target.c_str());
  if (!from.hard_link.empty()) archive_entry_set_hardlink(entry.get(), from.hard_link.c_str());
  for (const auto& [name, value] : from.xattrs) {
    archive_entry_xattr_add_entry(entry.get(), name.c_str(), value.data(), value.size());
  }
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK)
    throw std::runtime_error(archive_error_string(writer));
  archive_write_data(writer, from.content.data(), from.content.size());
}

}  // namespace

TarEntry folder(std::string path, std::uint32_t mode) {
  return {.path = std::move(path), .type = S_IFDIR, .mode = mode};
}

std::string tar(const std::vector<TarEntry>& entries, std::string_view filter) {
  std::string bytes;
  {
    const Writer writer(archive_write_new());
    archive_write_set_format_pax_restricted(writer.get());
    if (filter == "gz") archive_write_add_filter_gzip(writer.get());
    if (filter == "xz") archive_write_add_filter_xz(writer.get());
    if (filter == "zst") archive_write_add_filter_zstd(writer.get());
    archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding behind compressed data
    archive_write_open(writer.get(), &bytes, nullptr, append, nullptr);
    for (const auto& entry : entries) write(writer.get(), entry);
  }
  return bytes;
}

std::string ar(const std::vector<ArMember>& members) {
  std::string bytes = "!<arch>\n";
  for (const auto& [name, content] : members) {
    bytes +=
        std::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, 100644, content.size()) + content;
    if (content.size() % 2 == 1) bytes += '\n';
  }
  return bytes;
}

std::string deb(const DebContent& content) {
  auto data = content.data;
  data.insert(data.begin(), folder("./"));
  const auto suffix = (content.filter.empty() ? "" : ".") + std::string(content.filter);
  return ar({{"debian-binary", "2.0\n"},
             {"control.tar" + suffix, tar(content.control, content.filter)},
             {"data.tar" + suffix, tar(data, content.filter)}});
}

}  // namespace stratify::test
