// How a list travels: one file that holds the text and the signatures of exactly this text. Two files could
// not be replaced in one step, and a reader would meet the text of one publication with the signature of
// another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"

namespace stratify::release {

inline constexpr std::size_t kMostSignatures = 8;
inline constexpr std::size_t kMostSignature = 16U << 10U;  // bytes of one
inline constexpr std::size_t kMostEnvelope = 4U << 20U;    // bytes of the file: text may double when quoted

struct Envelope {
  std::string text;
  // Detached OpenPGP signatures of text (RFC 9580, section 10.4), binary; several while keys are rotated. One
  // that is trusted suffices.
  std::vector<std::string> signatures;
  friend bool operator==(const Envelope&, const Envelope&) = default;

  // All signatures as one sequence of packets, as ostree::verify_data takes them.
  [[nodiscard]] std::string joined_signatures() const;
};

// {"signed": "<text>", "signatures": ["<base64>", ...]}. text has to be UTF-8.
[[nodiscard]] std::string pack(const Envelope& envelope);

// kInvalidInput when the bytes are no envelope or beyond the bounds above. Verifies nothing.
[[nodiscard]] Result<Envelope> unpack(std::string_view bytes, const std::string& name);

}  // namespace stratify::release
