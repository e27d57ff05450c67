// Golden files: what we render, kept as text. BLESS=1 in the environment writes them anew.
#pragma once

#include <filesystem>
#include <string>

namespace stratify::tests {

// Expects text to equal the file tests/<name>; with BLESS=1 the file is written and the test fails, so that a
// blessing run can never be mistaken for a passing one.
void expect_golden(const std::filesystem::path& name, const std::string& text);

}  // namespace stratify::tests
