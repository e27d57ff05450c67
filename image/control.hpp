// The control file of a binary package (deb-control(5)): one paragraph of fields.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "platform/error.hpp"

namespace stratify::image {

class Control {
 public:
  // kInvalidInput names the line that is wrong: no field, a field twice, a second paragraph, control
  // characters; or the field that is missing or not as policy wants it (Package, Version, Architecture).
  [[nodiscard]] static Result<Control> parse(std::string_view text);

  // The value, continuation lines joined by newlines; empty when there is none. Names match in any case.
  [[nodiscard]] std::string_view field(std::string_view name) const;

  [[nodiscard]] std::string_view package() const { return field("Package"); }
  [[nodiscard]] std::string_view version() const { return field("Version"); }
  [[nodiscard]] std::string_view architecture() const { return field("Architecture"); }

 private:
  std::map<std::string, std::string, std::less<>> fields_;  // name in lower case -> value
};

}  // namespace stratify::image
