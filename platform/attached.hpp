// Running a program on our own terminal, as a shell runs one in the foreground.
#pragma once

#include "platform/error.hpp"
#include "platform/process.hpp"

namespace stratify {

// Runs the command with our standard input, output and error until it ends; `input`, `timeout` and
// `on_error_line` are not used. Signals that ask us to stop (SIGINT, SIGTERM, SIGHUP) stop the command
// instead; it is killed when we die. Returns its exit code as Output counts it; kUnavailable when it cannot
// be started.
[[nodiscard]] Result<int> run_attached(const Command& command);

}  // namespace stratify
