// Inside of image/deb: the outer archive of a package (ar(5) as deb(5) uses it).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/archive.hpp"

namespace stratify::image {

// Reads the members one after the other.
class DebContainer {
 public:
  explicit DebContainer(ByteSource& source) : source_(source) {}

  // Reads the signature "!<arch>\n".
  [[nodiscard]] Result<void> open();

  // The name of the next member; nothing at the end of the file. The current member must have been read to
  // its end.
  [[nodiscard]] Result<std::optional<std::string>> next();

  // The content of the current member.
  [[nodiscard]] ByteSource& content() { return content_; }
  [[nodiscard]] std::uint64_t left() const { return content_.left_; }

 private:
  class Content final : public ByteSource {
   public:
    explicit Content(DebContainer& container) : container_(container) {}
    [[nodiscard]] Result<std::string_view> next() override;

   private:
    friend class DebContainer;
    DebContainer& container_;
    std::string name_;
    std::uint64_t left_ = 0;
  };

  [[nodiscard]] Result<std::string_view> take(std::uint64_t most);
  [[nodiscard]] Result<std::string> take_exactly(std::size_t size);

  ByteSource& source_;
  std::string_view piece_;  // what is left of the source's last piece
  bool padded_ = false;     // the current member is followed by one byte
  Content content_{*this};
};

}  // namespace stratify::image
