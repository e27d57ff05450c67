// Streams of bytes, decompressed and read as tar archives with libarchive. Nothing here touches the file
// system but FileSource, and no limit but the caller's guards against absurd archives: image/deb.hpp judges
// what is in them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/attributes.hpp"
#include "platform/error.hpp"
#include "platform/file.hpp"

namespace stratify {

// Bytes in order, from anywhere.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next piece, valid until the next call; empty at the end.
  [[nodiscard]] virtual Result<std::string_view> next() = 0;
};

// What a descriptor reads from where it stands.
class FileSource final : public ByteSource {
 public:
  // name is for messages.
  FileSource(Descriptor file, std::string name);
  [[nodiscard]] Result<std::string_view> next() override;

 private:
  Descriptor file_;
  std::string name_;
  std::vector<char> buffer_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view data) : data_(data) {}
  [[nodiscard]] Result<std::string_view> next() override { return std::exchange(data_, {}); }

 private:
  std::string_view data_;
};

enum class Compression { kNone, kGzip, kXz, kZstd };

// The expanded bytes of a compressed source, which must hold one compressed file and nothing after it, and
// must outlive this. kInvalidInput when it does not, when it is damaged or cut short, or when it expands to
// more than limit bytes.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> decompress(ByteSource& source, Compression compression,
                                                             std::uint64_t limit);

struct TarMember {
  enum class Kind { kFile, kFolder, kSymlink, kHardLink, kOther };
  std::string path;  // as it stands in the archive
  Kind kind = Kind::kOther;
  std::uint64_t size = 0;  // bytes of content; of a file only
  std::string target;      // of a symlink or hard link, as it stands in the archive
  Attributes attributes;
  bool has_acl = false;  // POSIX ACLs are not among the attributes
};

// Reads a tar archive (ustar, GNU, pax) member by member.
class TarReader {
 public:
  // source must outlive this.
  [[nodiscard]] static Result<TarReader> create(ByteSource& source);
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) = delete;
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader();

  // The next member; nothing at the end. kInvalidInput when the archive is damaged, cut short, or has
  // anything but zeros after its end.
  [[nodiscard]] Result<std::optional<TarMember>> next();

  // The next piece of the current file's content; empty at its end. Holes of sparse files come as zeros.
  [[nodiscard]] Result<std::string_view> read();

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stratify
