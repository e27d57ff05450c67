#include "platform/base64.hpp"

#include <gtest/gtest.h>

namespace stratify {
namespace {

using namespace std::string_literals;

// RFC 4648, section 10.
TEST(Base64, IsThatOfTheStandardsExamples) {
  const std::pair<std::string, std::string> examples[] = {{"f", "Zg=="},         {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},       {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [data, text] : examples) {
    EXPECT_EQ(to_base64(data), text);
    EXPECT_EQ(from_base64(text), data);
  }
}

TEST(Base64, CarriesEveryByte) {
  const auto data = "\0\xff\x80 \n"s;
  EXPECT_EQ(from_base64(to_base64(data)), data);
}

TEST(Base64, IsWrittenInOneWayOnly) {
  for (const auto* text : {"", "=", "==", "====", "Zg", "Zg=", "Zh==", " Zg==", "Zg==\n", "Z-==", "Zm9v="}) {
    EXPECT_EQ(from_base64(text), "") << text;
  }
}

}  // namespace
}  // namespace stratify
