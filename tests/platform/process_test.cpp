#include "platform/process.hpp"

#include <gtest/gtest.h>

namespace stratify {
namespace {

class ARealProgram : public testing::Test {
 protected:
  RealProcessRunner runner_;
};

TEST_F(ARealProgram, ReceivesItsInputAndReturnsItsOutput) {
  const std::string megabyte(1U << 20U, 'x');
  const auto output = runner_.run({.arguments = {"cat"}, .input = megabyte});
  ASSERT_TRUE(output) << output.error().message();
  EXPECT_EQ(output->out, megabyte);
}

TEST_F(ARealProgram, ReportsItsExitCode) {
  EXPECT_EQ(runner_.run({.arguments = {"sh", "-c", "exit 7"}})->exit_code, 7);
  EXPECT_EQ(runner_.run({.arguments = {"sh", "-c", "kill -9 $$"}})->exit_code, 137);
}

TEST_F(ARealProgram, IsKilledWithItsChildrenWhenItTakesTooLong) {
  const auto output =
      runner_.run({.arguments = {"sh", "-c", "sleep 60 & wait"}, .timeout = std::chrono::seconds(1)});
  EXPECT_EQ(output.error().category(), Category::kTimeout);
}

TEST_F(ARealProgram, ThatDoesNotExistIsNamed) {
  const auto output = runner_.run({.arguments = {"no-such-program"}});
  EXPECT_EQ(output.error().category(), Category::kUnavailable);
  EXPECT_EQ(output.error().object(), "no-such-program");
}

TEST_F(ARealProgram, SeesOnlyTheEnvironmentItIsGiven) {
  const auto output =
      runner_.run({.arguments = {"/usr/bin/env"}, .environment = {{"A", "1"}}, .clean_environment = true});
  EXPECT_EQ(output->out, "A=1\n");
}

TEST_F(ARealProgram, SpeaksLineByLineOnStandardError) {
  std::vector<std::string> lines;
  const auto output =
      runner_.run({.arguments = {"sh", "-c", "echo one >&2; echo two >&2"},
                   .on_error_line = [&](std::string_view line) { lines.emplace_back(line); }});
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
}

TEST_F(ARealProgram, ThatFailsIsAnErrorWhenChecked) {
  const auto output = run_checked(runner_, {.arguments = {"sh", "-c", "echo why >&2; exit 3"}});
  EXPECT_EQ(output.error().category(), Category::kCommandFailed);
  EXPECT_NE(output.error().message().find("exit code 3: why"), std::string::npos);
}

}  // namespace
}  // namespace stratify
