// What the worker can be told to do: the instances of haven-update@.service.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "updater/update.hpp"

namespace stratify::updater {

struct UpdateVerb {
  std::string_view name;     // "check"
  std::string_view meaning;  // completes "haven-update check: ...", for the help and for who has to wait
  std::function<Result<void>(Update&)> run;
};

[[nodiscard]] const std::vector<UpdateVerb>& update_verbs();

// nullptr when there is none of this name.
[[nodiscard]] const UpdateVerb* find_verb(std::string_view name);

}  // namespace stratify::updater
