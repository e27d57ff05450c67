#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "platform/file.hpp"

namespace stratify::tests {

void expect_golden(const std::filesystem::path& name, const std::string& text) {
  const auto path = std::filesystem::path("tests") / name;
  if (std::getenv("BLESS") != nullptr) {
    const auto written = write_file(path, text);
    FAIL() << (written ? "blessed " + path.string() + "; run again without BLESS"
                       : written.error().message());
  }
  const auto golden = read_file(path);
  ASSERT_TRUE(golden) << golden.error().message() << " (BLESS=1 writes it)";
  EXPECT_EQ(*golden, text) << "differs from " << path;
}

}  // namespace stratify::tests
