#include "image/deb_container.hpp"

#include <algorithm>
#include <string>

namespace stratify::image {

namespace {

constexpr std::string_view kSignature = "!<arch>\n";
constexpr std::size_t kHeader = 60;

Unexpected damaged(std::string cause) {
  return fail(Category::kInvalidInput, "read package", "", std::move(cause));
}

// A field of a header, its padding gone.
std::string_view field(std::string_view header, std::size_t offset, std::size_t size) {
  const auto text = header.substr(offset, size);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// What a message may repeat of a name somebody else chose.
std::string printable(std::string_view text) {
  std::string result(text);
  std::ranges::replace_if(result, [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

}  // namespace

Result<void> DebContainer::open() {
  if (TRY(take_exactly(kSignature.size())) != kSignature) return damaged("it is not a Debian package");
  return {};
}

Result<std::optional<std::string>> DebContainer::next() {
  if (padded_ && TRY(take_exactly(1)) != "\n") return damaged("bad padding after member " + content_.name_);
  padded_ = false;
  const auto header = TRY(take_exactly(kHeader));
  if (header.empty()) return std::nullopt;
  if (header.size() != kHeader || !header.ends_with("`\n")) {
    return damaged(content_.name_.empty() ? "it has no members"
                                          : "something else than a member follows member " + content_.name_);
  }
  auto name = field(header, 0, 16);
  if (name.ends_with('/')) name.remove_suffix(1);  // as GNU ar ends names
  const auto size = field(header, 48, 10);
  if (size.empty() || size.find_first_not_of("0123456789") != std::string_view::npos) {
    return damaged("member " + printable(name) + " has no size");
  }
  const auto bytes = std::stoull(std::string(size));
  content_.name_ = printable(name);
  content_.left_ = bytes;
  padded_ = bytes % 2 == 1;
  return content_.name_;
}

Result<std::string_view> DebContainer::Content::next() {
  if (left_ == 0) return std::string_view();
  const auto piece = TRY(container_.take(left_));
  if (piece.empty()) {
    return damaged("it ends " + std::to_string(left_) + " bytes before the end of member " + name_);
  }
  left_ -= piece.size();
  return piece;
}

Result<std::string_view> DebContainer::take(std::uint64_t most) {
  if (piece_.empty()) piece_ = TRY(source_.next());
  const auto piece = piece_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(most, piece_.size())));
  piece_.remove_prefix(piece.size());
  return piece;
}

// Fewer bytes only at the end of the source.
Result<std::string> DebContainer::take_exactly(std::size_t size) {
  std::string result;
  while (result.size() < size) {
    const auto piece = TRY(take(size - result.size()));
    if (piece.empty()) break;
    result += piece;
  }
  return result;
}

}  // namespace stratify::image
