// The one line of the owner's configuration that the claim writes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "platform/error.hpp"
#include "stack/domain.hpp"

namespace stratify::firstboot {

// The domain cloud.yaml names, nullopt when there is no such file or it names none. An Error when the file
// cannot be read, is no YAML mapping, or names something that is no domain.
[[nodiscard]] Result<std::optional<stack::Domain>> configured_domain(const std::filesystem::path& cloud_yaml);

// The file with its domain set: a new one with a short explanation, or the given text with one line replaced
// or added, so that what an owner wrote there before stays.
[[nodiscard]] std::string with_domain(std::string_view cloud_yaml, const stack::Domain& domain);

}  // namespace stratify::firstboot
