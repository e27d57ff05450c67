#include "platform/ostree_delta_file.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace stratify::ostree {

namespace {

using Bytes = Owned<GBytes, g_bytes_unref>;

// libostree's ostree-repo-static-delta-private.h says what the fields are.
constexpr const char* kSuperblock = "(a{sv}tayay(a{sv}aya(say)sstayay)aya(uayttay)a(yaytt))";

constexpr std::uint64_t kObjectName = 33;  // kind and checksum

std::string base64_of(const Sha256& checksum) {
  std::array<guchar, 32> bytes{};
  std::array<char, 45> text{};
  ostree_checksum_inplace_to_bytes(checksum.hex().c_str(), bytes.data());
  ostree_checksum_b64_inplace_from_bytes(bytes.data(), text.data());
  return text.data();
}

// The names of what is inside: libostree calls them as the files of a delta that lies in a repository.
std::string name_of(const DeltaHeader& header, const std::string& what) {
  const auto to = base64_of(header.to);
  if (!header.from) return "deltas/" + to.substr(0, 2) + "/" + to.substr(2) + "/" + what;
  const auto from = base64_of(*header.from);
  return "deltas/" + from.substr(0, 2) + "/" + from.substr(2) + "-" + to + "/" + what;
}

}  // namespace

DeltaFile::DeltaFile(std::string_view bytes) {
  const Bytes owned(g_bytes_new_static(bytes.data(), bytes.size()));
  superblock_.reset(
      g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(kSuperblock), owned.get(), FALSE)));
}

std::uint64_t DeltaFile::timestamp() const { return GUINT64_FROM_BE(g_variant_get_uint64(child(1).get())); }

// Sizes are in the order of the machine that made the file, which it names.
std::uint64_t DeltaFile::in_our_order(std::uint64_t number) const {
  guchar order = 0;
  const bool known = g_variant_lookup(metadata().get(), "ostree.endianness", "y", &order);
  const auto ours = std::endian::native == std::endian::little ? 'l' : 'B';
  return known && order != ours ? std::byteswap(number) : number;
}

DeltaFile::Part DeltaFile::part(std::uint64_t index) const {
  const Variant header(g_variant_get_child_value(parts().get(), index));
  const Variant objects(g_variant_get_child_value(header.get(), 4));
  std::uint64_t size = 0;
  std::uint64_t uncompressed = 0;
  g_variant_get_child(header.get(), 2, "t", &size);
  g_variant_get_child(header.get(), 3, "t", &uncompressed);
  return {.size = in_our_order(size),
          .uncompressed = in_our_order(uncompressed),
          .objects = g_variant_n_children(objects.get()) / kObjectName};
}

Variant DeltaFile::content(const DeltaHeader& header, std::uint64_t index) const {
  const auto name = name_of(header, std::to_string(index));
  return Variant(g_variant_lookup_value(metadata().get(), name.c_str(), G_VARIANT_TYPE("(yay)")));
}

Variant DeltaFile::detached_metadata(const DeltaHeader& header) const {
  const auto name = name_of(header, "commitmeta");
  return Variant(g_variant_lookup_value(metadata().get(), name.c_str(), G_VARIANT_TYPE_VARDICT));
}

}  // namespace stratify::ostree
