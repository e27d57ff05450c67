// Maintainer scripts: what dpkg runs to turn unpacked packages into installed ones.
#pragma once

#include <string>

#include "image/compose/overlay.hpp"
#include "image/compose/tree.hpp"
#include "platform/error.hpp"

namespace stratify::image {

// Configures every package of the tree in overlay, in the sandbox, and tells environment.on_packages of each.
// All that was said is kept as <name>.log in environment.work; kCommandFailed carries its end.
[[nodiscard]] Result<void> configure_packages(const ComposeEnvironment& environment, const Overlay& overlay,
                                              const std::string& name);

}  // namespace stratify::image
