#include <unistd.h>

#include <exception>
#include <iostream>

#include "image/cli/run.hpp"

int main(int argc, char** argv) {
  try {
    return stratify::image::cli::run(
        {argv + 1, argv + argc},
        {.out = std::cout, .err = std::cerr, .err_is_terminal = ::isatty(STDERR_FILENO) == 1});
  } catch (const std::exception& bug) {
    std::cerr << "stratify: a fault in the program itself: " << bug.what() << '\n';
    return 1;
  }
}
