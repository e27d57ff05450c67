// A process runner that answers from a table and notices what it was not told.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/process.hpp"

namespace stratify::tests {

class FakeProcessRunner final : public ProcessRunner {
 public:
  // Answers the command line that to_string() gives.
  void answer(std::string command_line, Output output) {
    answers_[std::move(command_line)] = std::move(output);
  }

  // kUnavailable for a command line without an answer.
  [[nodiscard]] Result<Output> run(const Command& command) override;

  [[nodiscard]] const std::vector<std::string>& seen() const { return seen_; }

 private:
  std::map<std::string, Output> answers_;
  std::vector<std::string> seen_;
};

}  // namespace stratify::tests
