#include "tests/support/fake_process.hpp"

namespace stratify::tests {

Result<Output> FakeProcessRunner::run(const Command& command) {
  const auto line = to_string(command);
  seen_.push_back(line);
  const auto found = answers_.find(line);
  if (found == answers_.end())
    return fail(Category::kUnavailable, "run", line, "the fake was not told about it");
  return found->second;
}

}  // namespace stratify::tests
