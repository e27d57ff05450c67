#include "platform/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/owned.hpp"

namespace stratify {

namespace {

using Archive = Owned<archive, archive_read_free>;

constexpr std::size_t kPiece = 256U << 10U;

// The one translation of libarchive's errors.
Unexpected archive_error(archive* reader, const std::string& operation, const std::string& object) {
  const char* text = archive_error_string(reader);
  const auto category = archive_errno(reader) == ENOMEM ? Category::kIo : Category::kInvalidInput;
  return fail(category, operation, object, text != nullptr ? text : "the archive is damaged");
}

// Gives a source to libarchive, keeps the source's own error, and counts.
class Feed {
 public:
  explicit Feed(ByteSource& source) : source_(&source) {}

  int open(archive* reader) {
    return archive_read_open2(reader, this, nullptr, &Feed::read, nullptr, nullptr);
  }

  // The source's error where it has one, libarchive's otherwise.
  Unexpected error(archive* reader, const std::string& operation, const std::string& object) const {
    if (failure_) return Unexpected(*failure_);
    return archive_error(reader, operation, object);
  }

  // Reads what libarchive has left over.
  Result<void> drain() {
    while (!TRY(pull()).empty()) {
    }
    return {};
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Where the last byte that is not zero ends.
  [[nodiscard]] std::uint64_t used() const { return used_; }

 private:
  static la_ssize_t read(archive* reader, void* self, const void** buffer) {
    auto& feed = *static_cast<Feed*>(self);
    const auto piece = feed.pull();
    if (!piece) {
      feed.failure_ = piece.error();
      archive_set_error(reader, EIO, "%s", "the source failed");
      return -1;
    }
    *buffer = piece->data();
    return static_cast<la_ssize_t>(piece->size());
  }

  Result<std::string_view> pull() {
    const auto piece = TRY(source_->next());
    const auto last = piece.find_last_not_of('\0');
    if (last != std::string_view::npos) used_ = size_ + last + 1;
    size_ += piece.size();
    return piece;
  }

  ByteSource* source_;
  std::optional<Error> failure_;
  std::uint64_t size_ = 0;
  std::uint64_t used_ = 0;
};

int filter_code(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return ARCHIVE_FILTER_NONE;
    case Compression::kGzip:
      return ARCHIVE_FILTER_GZIP;
    case Compression::kXz:
      return ARCHIVE_FILTER_XZ;
    case Compression::kZstd:
      return ARCHIVE_FILTER_ZSTD;
  }
  std::unreachable();
}

class Decompressor final : public ByteSource {
 public:
  Decompressor(ByteSource& source, Compression compression, std::uint64_t limit)
      : reader_(archive_read_new()), feed_(source), left_(limit), limit_(limit) {
    archive_read_support_format_raw(reader_.get());
    // Exactly this filter, once: libarchive would otherwise unwrap whatever it recognises, as often as it
    // can.
    archive_read_append_filter(reader_.get(), filter_code(compression));
  }

  Result<void> open() {
    archive_entry* entry = nullptr;
    if (feed_.open(reader_.get()) != ARCHIVE_OK ||
        archive_read_next_header(reader_.get(), &entry) != ARCHIVE_OK) {
      return feed_.error(reader_.get(), "decompress", "");
    }
    return {};
  }

  Result<std::string_view> next() override {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const auto status = archive_read_data_block(reader_.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return finish();
    if (status != ARCHIVE_OK) return feed_.error(reader_.get(), "decompress", "");
    if (size > left_) {
      return fail(Category::kInvalidInput, "decompress", "",
                  "expands to more than " + std::to_string(limit_) + " bytes");
    }
    left_ -= size;
    return std::string_view(static_cast<const char*>(data), size);
  }

 private:
  Result<std::string_view> finish() {
    TRY(feed_.drain());
    const auto consumed = static_cast<std::uint64_t>(archive_filter_bytes(reader_.get(), -1));
    if (consumed == feed_.size()) return std::string_view();
    return fail(Category::kInvalidInput, "decompress", "",
                std::to_string(feed_.size() - consumed) + " bytes follow the compressed data");
  }

  Archive reader_;
  Feed feed_;
  std::uint64_t left_;
  std::uint64_t limit_;
};

// A name as bytes; libarchive has no such form for pax names outside ASCII unless the locale is UTF-8.
std::string text(const char* bytes, const char* utf8) {
  if (bytes != nullptr) return bytes;
  return utf8 != nullptr ? utf8 : "";
}

TarMember::Kind kind_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_hardlink_utf8(entry) != nullptr) {
    return TarMember::Kind::kHardLink;
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return TarMember::Kind::kFile;
    case AE_IFDIR:
      return TarMember::Kind::kFolder;
    case AE_IFLNK:
      return TarMember::Kind::kSymlink;
    default:
      return TarMember::Kind::kOther;
  }
}

// An id that does not fit is made one that no file may have, for the caller to refuse.
std::uint32_t id_of(la_int64_t id) {
  constexpr auto kNone = std::uint32_t(-1);
  return id < 0 || id > kNone ? kNone : static_cast<std::uint32_t>(id);
}

Attributes attributes_of(archive_entry* entry) {
  Attributes attributes{.uid = id_of(archive_entry_uid(entry)),
                        .gid = id_of(archive_entry_gid(entry)),
                        .mode = static_cast<std::uint32_t>(archive_entry_perm(entry))};
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    attributes.xattrs.emplace(name, std::string(static_cast<const char*>(value), size));
  }
  return attributes;
}

TarMember member_of(archive_entry* entry) {
  TarMember member{.path = text(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry)),
                   .kind = kind_of(entry),
                   .attributes = attributes_of(entry),
                   .has_acl = archive_entry_acl_types(entry) != 0};
  if (member.kind == TarMember::Kind::kFile) {
    member.size = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
  } else if (member.kind == TarMember::Kind::kSymlink) {
    member.target = text(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
  } else if (member.kind == TarMember::Kind::kHardLink) {
    member.target = text(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
  }
  return member;
}

}  // namespace

FileSource::FileSource(Descriptor file, std::string name)
    : file_(std::move(file)), name_(std::move(name)), buffer_(kPiece) {}

Result<std::string_view> FileSource::next() {
  for (;;) {
    const auto count = ::read(file_.get(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read", name_);
    return std::string_view(buffer_.data(), static_cast<std::size_t>(count));
  }
}

Result<std::unique_ptr<ByteSource>> decompress(ByteSource& source, Compression compression,
                                               std::uint64_t limit) {
  auto decompressor = std::make_unique<Decompressor>(source, compression, limit);
  TRY(decompressor->open());
  return decompressor;
}

struct TarReader::State {
  explicit State(ByteSource& source) : feed(source), buffer(kPiece) {}
  Feed feed;
  Archive reader{archive_read_new()};
  std::vector<char> buffer;
  std::string path;  // of the current member
};

TarReader::TarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<TarReader> TarReader::create(ByteSource& source) {
  auto state = std::make_unique<State>(source);
  archive_read_support_format_tar(state->reader.get());
  if (state->feed.open(state->reader.get()) != ARCHIVE_OK)
    return state->feed.error(state->reader.get(), "read", "");
  return TarReader(std::move(state));
}

Result<std::optional<TarMember>> TarReader::next() {
  auto* reader = state_->reader.get();
  archive_entry* entry = nullptr;
  const auto status = archive_read_next_header(reader, &entry);
  if (status == ARCHIVE_EOF) {
    const auto end = static_cast<std::uint64_t>(archive_filter_bytes(reader, 0));
    TRY(state_->feed.drain());
    if (state_->feed.used() <= end) return std::nullopt;
    return fail(Category::kInvalidInput, "read", "", "data follows the end of the archive");
  }
  if (status != ARCHIVE_OK) {
    return state_->feed.error(
        reader, state_->path.empty() ? "read the first member" : "read the member after", state_->path);
  }
  auto member = member_of(entry);
  state_->path = member.path;
  return member;
}

Result<std::string_view> TarReader::read() {
  const auto count = archive_read_data(state_->reader.get(), state_->buffer.data(), state_->buffer.size());
  if (count < 0) return state_->feed.error(state_->reader.get(), "read", state_->path);
  return std::string_view(state_->buffer.data(), static_cast<std::size_t>(count));
}

}  // namespace stratify
