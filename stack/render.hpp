// Rendering: from what is wanted to what the machine should be. Pure: the same input gives the same output.
#pragma once

#include <optional>

#include "platform/error.hpp"
#include "stack/catalogue.hpp"
#include "stack/configuration.hpp"
#include "stack/desired_state.hpp"
#include "stack/machine.hpp"

namespace stratify::stack {

struct RenderInput {
  const Catalogue& catalogue;
  const std::optional<Configuration>& configuration;  // nothing: not claimed, only the proxy runs
  const MachineFacts& facts;
  const Images& images;
};

// kInvalidInput when a template is wrong, kNotFound when the version lacks an image.
[[nodiscard]] Result<DesiredState> render(const RenderInput& input);

// The host names of a cloud: the domain, then each route's, in the order of the catalogue.
[[nodiscard]] std::vector<std::string> host_names(const Catalogue& catalogue, const Domain& domain);

}  // namespace stratify::stack
