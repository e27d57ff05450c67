#include "platform/ostree_trust.hpp"

#include "platform/ostree_signature.hpp"

namespace stratify::ostree {

std::string_view content_of(GVariant* value) {
  const auto* data = value == nullptr ? nullptr : static_cast<const char*>(g_variant_get_data(value));
  return data == nullptr ? std::string_view() : std::string_view(data, g_variant_get_size(value));
}

namespace {

// Each is a whole OpenPGP packet, so they may follow one another.
std::string joined_signatures(GVariant* dictionary) {
  std::string joined;
  if (dictionary == nullptr) return joined;
  const Variant signatures(g_variant_lookup_value(dictionary, "ostree.gpgsigs", G_VARIANT_TYPE("aay")));
  for (gsize i = 0; signatures && i < g_variant_n_children(signatures.get()); ++i) {
    const Variant one(g_variant_get_child_value(signatures.get(), i));
    joined += content_of(one.get());
  }
  return joined;
}

}  // namespace

Result<void> verify_signed(const std::filesystem::path& repository, std::string_view bytes,
                           GVariant* signatures, const std::vector<std::filesystem::path>& keyrings) {
  TRY(verify_data(repository, bytes, joined_signatures(signatures), keyrings));
  return {};
}

Result<void> verify_commit(const std::filesystem::path& repository, GVariant* commit, GVariant* detached,
                           const std::vector<std::filesystem::path>& keyrings) {
  return verify_signed(repository, content_of(commit), detached, keyrings);
}

}  // namespace stratify::ostree
