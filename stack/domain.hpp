// The one thing a person is asked for: a domain that can only be valid.
#pragma once

#include <string>
#include <string_view>

#include "platform/error.hpp"

namespace stratify::stack {

enum class DomainKind {
  kPublic,  // can be delegated in the public DNS: certificates come from an ACME authority
  kHome,    // .home.arpa (RFC 8375), .internal, .local (RFC 6762), .test (RFC 6761): the box's own authority
            // signs
};

// A registrable domain or a name below one, in IDNA 2008 form (RFC 5891), lower case, without a final dot.
class Domain {
 public:
  // kInvalidInput with a sentence for the person who typed it: what is wrong and an example of what is right.
  [[nodiscard]] static Result<Domain> parse(std::string_view typed);

  [[nodiscard]] const std::string& ascii() const { return ascii_; }  // A-labels: "xn--bcher-kva.example"
  [[nodiscard]] const std::string& unicode() const {
    return unicode_;
  }  // as a person reads it: "bücher.example"
  [[nodiscard]] DomainKind kind() const { return kind_; }

  friend bool operator==(const Domain&, const Domain&) = default;

 private:
  Domain(std::string ascii, std::string unicode, DomainKind kind)
      : ascii_(std::move(ascii)), unicode_(std::move(unicode)), kind_(kind) {}
  std::string ascii_;
  std::string unicode_;
  DomainKind kind_;
};

}  // namespace stratify::stack
