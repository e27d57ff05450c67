// Inside of platform/ostree: what a delta file consists of (libostree's "static delta superblock" with inline
// parts).
#pragma once

#include <string>
#include <string_view>

#include "platform/ostree_delta.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

// A view of the bytes of a file, which have to outlive it. Nothing is believed: a value that is not there, or
// not what it should be, reads as empty.
class DeltaFile {
 public:
  explicit DeltaFile(std::string_view bytes);

  [[nodiscard]] Variant metadata() const { return child(0); }
  [[nodiscard]] std::uint64_t timestamp() const;
  [[nodiscard]] Variant from() const { return child(2); }
  [[nodiscard]] Variant to() const { return child(3); }
  [[nodiscard]] Variant commit() const { return child(4); }
  [[nodiscard]] Variant parts() const { return child(6); }      // a(uayttay), see Part
  [[nodiscard]] Variant fallbacks() const { return child(7); }  // objects that are not in the file

  struct Part {
    std::uint64_t size = 0;
    std::uint64_t uncompressed = 0;
    std::uint64_t objects = 0;
  };
  [[nodiscard]] Part part(std::uint64_t index) const;
  // Its bytes: the kind of its compression, then its content. Null when the file has none.
  [[nodiscard]] Variant content(const DeltaHeader& header, std::uint64_t index) const;
  // What the commit's signatures are in (a{sv}); null when there is none.
  [[nodiscard]] Variant detached_metadata(const DeltaHeader& header) const;

 private:
  [[nodiscard]] Variant child(gsize index) const {
    return Variant(g_variant_get_child_value(superblock_.get(), index));
  }
  [[nodiscard]] std::uint64_t in_our_order(std::uint64_t number) const;

  Variant superblock_;
};

}  // namespace stratify::ostree
