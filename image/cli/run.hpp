// The program, without its process.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace stratify::image::cli {

struct Console {
  std::ostream& out;  // results
  std::ostream& err;  // progress and errors
  bool err_is_terminal = false;
};

// Runs one command line (without the program's name) and returns the exit code.
[[nodiscard]] int run(const std::vector<std::string>& command_line, const Console& console);

}  // namespace stratify::image::cli
