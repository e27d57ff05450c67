#include "platform/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace stratify {
namespace {

TEST(AnError, ReadsAsObjectOperationAndCause) {
  const Error error(Category::kIo, "open", "/etc/x", "No such device");
  EXPECT_EQ(error.message(), "/etc/x: cannot open: No such device");
}

TEST(AnError, LeadsWithTheContextItIsPutIn) {
  const Error error(Category::kIo, "open", "/etc/x", "No such device");
  EXPECT_EQ(error.in("claim").message(), "claim: /etc/x: cannot open: No such device");
  EXPECT_EQ(error.in("claim").category(), Category::kIo);
}

TEST(AnError, KeepsASecondFailureBesideTheFirst) {
  const Error first(Category::kIo, "open", "a", "one");
  const Error second(Category::kNoSpace, "write", "b", "two");
  EXPECT_EQ(first.and_then_failed(second).message(), "a: cannot open: one; after that, b: cannot write: two");
}

TEST(AFullDisk, KeepsItsCategoryThroughErrno) {
  EXPECT_EQ(errno_error("write", "x", ENOSPC).error().category(), Category::kNoSpace);
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Category::kInvalidInput, "halve", std::to_string(value), "it is odd");
  return value / 2;
}

Result<int> quarter(int value) { return half(TRY(half(value))); }

TEST(Try, YieldsTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message(), "3: cannot halve: it is odd");
}

}  // namespace
}  // namespace stratify
