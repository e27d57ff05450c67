// Reading a JSON object member by member, each with its bound, so that a mistake is named by its key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify::release {

// The whole text as one JSON value, nested no deeper than the lists of this folder are.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text, const std::string& document);

// One object of a document. All functions fail with kInvalidInput: "<document>: cannot read: <key>: expected
// ...". Copies refer to the value, which has to outlive them.
class Fields {
 public:
  // key is where the object stands ("releases[2]"), empty for the whole document.
  [[nodiscard]] static Result<Fields> of(const boost::json::value& value, std::string document,
                                         std::string key = {});

  [[nodiscard]] bool has(std::string_view key) const { return object_->contains(key); }
  [[nodiscard]] Result<std::string> text(std::string_view key, std::size_t most) const;
  [[nodiscard]] Result<std::uint64_t> number(std::string_view key, std::uint64_t most = kMostNumber) const;
  // Seconds since the epoch, between 1970 and the year 9999.
  [[nodiscard]] Result<std::int64_t> time(std::string_view key) const;
  [[nodiscard]] Result<bool> flag(std::string_view key) const;
  [[nodiscard]] Result<Sha256> checksum(std::string_view key) const;
  [[nodiscard]] Result<Fields> object(std::string_view key) const;
  // The objects of a list.
  [[nodiscard]] Result<std::vector<Fields>> objects(std::string_view key, std::size_t most) const;

  // What is wrong with a member, for checks that only the caller can make.
  [[nodiscard]] Unexpected expected(std::string_view key, const std::string& what) const;

 private:
  // Every JSON reader holds integers up to here exactly (RFC 8259, section 6).
  static constexpr std::uint64_t kMostNumber = (1ULL << 53U) - 1;

  Fields(const boost::json::object& object, std::string document, std::string key)
      : object_(&object), document_(std::move(document)), key_(std::move(key)) {}
  [[nodiscard]] std::string path(std::string_view key) const;

  const boost::json::object* object_;
  std::string document_;
  std::string key_;
};

}  // namespace stratify::release
