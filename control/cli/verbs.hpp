// The verbs of `haven`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platform/error.hpp"

namespace stratify::control {

using Words = std::vector<std::string>;

struct Verb {
  std::string name;
  std::string synopsis;  // what follows the name
  std::string summary;
  std::function<Result<void>(const Words& words)> run;
};

[[nodiscard]] const std::vector<Verb>& verbs();

}  // namespace stratify::control
