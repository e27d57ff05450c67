#include "firstboot/form.hpp"

#include <gtest/gtest.h>

namespace stratify::firstboot {
namespace {

using Fields = std::map<std::string, std::string>;

TEST(AForm, IsDecoded) {
  EXPECT_EQ(parse_form("domain=b%C3%BCcher.de&code=K7QM+3xwd&empty=").value(),
            (Fields{{"domain", "bücher.de"}, {"code", "K7QM 3xwd"}, {"empty", ""}}));
  EXPECT_EQ(parse_form("").value(), Fields{});
  EXPECT_EQ(parse_form("&&a=b=c&").value(), (Fields{{"a", "b=c"}}));
}

class ABrokenForm : public testing::TestWithParam<std::string> {};

TEST_P(ABrokenForm, IsRefused) { EXPECT_FALSE(parse_form(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Table, ABrokenForm,
                         testing::Values("a=%", "a=%4", "a=%zz", "a=%00", "a=%0A", "a=%7F", "a=%ff",
                                         "a=%C0%80", "a=%ED%A0%80", "a=%F4%90%80%80", "a=%C3", "a=1&a=2",
                                         "a=\xff", "1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17"));

}  // namespace
}  // namespace stratify::firstboot
