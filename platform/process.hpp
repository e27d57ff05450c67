// Running programs: argument vectors, never shell strings.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"

namespace stratify {

struct Command {
  std::vector<std::string> arguments;              // arguments[0] is looked up in PATH
  std::map<std::string, std::string> environment;  // added to ours, or all there is when clean_environment
  bool clean_environment = false;
  std::string input;                  // written to its standard input
  std::optional<std::string> folder;  // its working folder
  std::chrono::seconds timeout{600};  // after that it is killed with its children
  // Called for each line of standard error as it comes; lines are also kept.
  std::function<void(std::string_view)> on_error_line;
};

struct Output {
  int exit_code = 0;  // 128 + signal number when a signal ended it, as a shell counts
  std::string out;
  std::string err;
};

// The command as a person would type it, quoted; for messages only.
[[nodiscard]] std::string to_string(const Command& command);

// Runs programs. The real one forks; the fake in tests/support answers from a table and fails on what it was
// not told.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  // kUnavailable when the program cannot be started, kTimeout when it took too long. A non-zero exit is no
  // Error.
  [[nodiscard]] virtual Result<Output> run(const Command& command) = 0;
};

class RealProcessRunner final : public ProcessRunner {
 public:
  [[nodiscard]] Result<Output> run(const Command& command) override;
};

// Runs it and makes a non-zero exit an Error (kCommandFailed) that carries the end of its standard error.
[[nodiscard]] Result<std::string> run_checked(ProcessRunner& runner, const Command& command);

}  // namespace stratify
