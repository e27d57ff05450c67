// The claim code: what only somebody who sees a console can know.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "firstboot/secret.hpp"

namespace stratify::firstboot {

// Fills the bytes with unpredictable ones. The real one is fill_randomly.
using Random = std::function<void(std::span<std::byte>)>;

// getrandom(2). Blocks only before the kernel has gathered its first entropy.
void fill_randomly(std::span<std::byte> bytes);

// A session token of 128 bits, as 32 hexadecimal digits.
[[nodiscard]] Secret make_token(const Random& random);

// True when both are equal. Takes the same time wherever they differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right);

// 40 random bits as eight letters and digits of Crockford's base 32, which leaves out I, L, O and U.
class ClaimCode {
 public:
  [[nodiscard]] static ClaimCode make(const Random& random);

  // "K7QM-3XWD", as the consoles show it.
  [[nodiscard]] std::string shown() const;

  // Accepts capitals and small letters, hyphens and spaces anywhere, O for 0, I and L for 1.
  [[nodiscard]] bool matches(std::string_view typed) const;

 private:
  explicit ClaimCode(Secret letters) : letters_(std::move(letters)) {}
  Secret letters_;
};

}  // namespace stratify::firstboot
