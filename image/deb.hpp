// Reads a Debian binary package (deb(5)) as a stream and judges every member before anybody sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "image/control.hpp"
#include "platform/archive.hpp"
#include "platform/attributes.hpp"
#include "platform/error.hpp"

namespace stratify::image {

// What a package may be at most. The defaults are far above any package of Debian and far below what would
// hurt.
struct DebLimits {
  std::uint64_t control_bytes = 32U << 20U;  // expanded control archive
  std::uint64_t data_bytes = 8ULL << 30U;    // expanded data archive
  std::uint64_t file_bytes = 4ULL << 30U;    // one file
  std::size_t members = 300'000;
  std::size_t path_bytes = 1024;
  std::size_t depth = 64;  // folders above a member
};

// Receives a package. Paths are clean: "/usr/bin/ls"; a folder comes before what is in it, the root "/" first
// of all, and each path once. After an Error from read_deb, or from a sink itself, everything received is to
// be thrown away.
class DebSink {
 public:
  virtual ~DebSink() = default;
  // A file of the control archive: "control", "postinst", ... They all come before the first of the data
  // archive.
  [[nodiscard]] virtual Result<void> control_file(std::string_view name, const Attributes& attributes,
                                                  std::string_view content) = 0;
  [[nodiscard]] virtual Result<void> folder(std::string_view path, const Attributes& attributes) = 0;
  [[nodiscard]] virtual Result<void> symlink(std::string_view path, const Attributes& attributes,
                                             std::string_view target) = 0;
  // target: the path of an earlier file of the package.
  [[nodiscard]] virtual Result<void> hard_link(std::string_view path, std::string_view target) = 0;
  // A file is begun, filled with exactly size bytes, and ended before anything else is called.
  [[nodiscard]] virtual Result<void> begin_file(std::string_view path, const Attributes& attributes,
                                                std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<void> write(std::string_view data) = 0;
  [[nodiscard]] virtual Result<void> end_file() = 0;
};

// Reads a whole package into sink; returns its control fields. Refused with kInvalidInput, the member named,
// are: members other than debian-binary, control.tar[.gz|.xz|.zst] and data.tar[...], or in another order;
// bytes after the last; damaged or truncated archives; paths that are absolute, unclean, too long or too
// deep; members without their folder, or below a symlink or file; a path twice; symlinks that climb above the
// root; hard links to anything but an earlier file; devices, pipes and sockets; owners above 65535; xattrs
// other than security.capability and user.*; ACLs; and whatever is larger than limits.
[[nodiscard]] Result<Control> read_deb(ByteSource& source, DebSink& sink, const DebLimits& limits = {});

}  // namespace stratify::image
