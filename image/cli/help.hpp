// Help in the form of a manual page.
#pragma once

#include <string>

#include "image/cli/verb.hpp"

namespace stratify::image::cli {

// The options that every verb has.
[[nodiscard]] boost::program_options::options_description common_options();

[[nodiscard]] std::string overview();
[[nodiscard]] std::string help_of(const Verb& verb);

// The exit code that stands for a category; 0 is success.
[[nodiscard]] int exit_code(Category category);

}  // namespace stratify::image::cli
