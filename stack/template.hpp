// Templates of configuration files: the part of Mustache (mustache(5)) that decides nothing.
//
//   {{name}}              a text
//   {{#name}} ... {{/name}}  once for a true truth, once for each entry of a list (its names hide the outer
//   ones)
//   {{^name}} ... {{/name}}  when the truth is false or the list empty
//   {{! words }}          a comment
//
// A line that holds nothing but one section tag or comment leaves no trace. Nothing is escaped: what goes in
// comes from types that can only be valid. A name nobody gave is an error, never an empty text.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "platform/error.hpp"

namespace stratify::stack {

struct TemplateValue;
using TemplateNames = std::map<std::string, TemplateValue>;

struct TemplateValue {
  std::variant<std::string, bool, std::vector<TemplateNames>> value;
};

// The text with every tag replaced. file stands in the errors: "file:line:column: ..." (kInvalidInput).
[[nodiscard]] Result<std::string> fill(const std::string& text, const TemplateNames& names,
                                       const std::string& file);

}  // namespace stratify::stack
