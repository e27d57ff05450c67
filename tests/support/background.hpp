// Programs that run beside a test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace stratify::tests {

// A program that runs in the background and is killed by the destructor.
class Background {
 public:
  explicit Background(const std::vector<std::string>& command);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  pid_t pid_ = -1;
};

}  // namespace stratify::tests
