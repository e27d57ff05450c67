#include "image/control.hpp"

#include <gtest/gtest.h>

namespace stratify::image {
namespace {

TEST(AControlFile, GivesItsFieldsInAnyCase) {
  const auto control = Control::parse(
      "Package: dash\nVersion: 1:0.5.12-1~x+b1\nArchitecture: amd64\nDescription: shell\n more\n .\n end\n");
  ASSERT_TRUE(control) << control.error().message();
  EXPECT_EQ(control->field("PACKAGE"), "dash");
  EXPECT_EQ(control->field("description"), "shell\nmore\n.\nend");
  EXPECT_EQ(control->field("Depends"), "");
}

struct Bad {
  std::string name;
  std::string text;
  std::string message;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class ABadControlFile : public testing::TestWithParam<Bad> {};

TEST_P(ABadControlFile, IsRefusedWithTheLineOrField) {
  const auto control = Control::parse(GetParam().text);
  ASSERT_FALSE(control);
  EXPECT_EQ(control.error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, ABadControlFile,
    testing::Values(Bad{"Empty", "", "field Package: cannot read control file: '' is not a package name"},
                    Bad{"NoColon", "Package dash\n",
                        "line 1: cannot read control file: expected 'Field: value'"},
                    Bad{"NoName", ": dash\n", "line 1: cannot read control file: expected 'Field: value'"},
                    Bad{"NoField", " dash\n", "line 1: cannot read control file: it continues no field"},
                    Bad{"Twice", "Package: a\npackage: b\n",
                        "line 2: cannot read control file: field package comes twice"},
                    Bad{"TwoParagraphs", "Package: aa\n\nVersion: 1\n",
                        "line 3: cannot read control file: a package has one paragraph"},
                    Bad{"Control", "Package: a\x1b[2J\n",
                        "line 1: cannot read control file: it holds a control character"},
                    Bad{"Nul", std::string("Package: a\0b\n", 13),
                        "line 1: cannot read control file: it holds a control character"},
                    Bad{"PackageName", "Package: ../x\nVersion: 1\nArchitecture: all\n",
                        "field Package: cannot read control file: '../x' is not a package name"},
                    Bad{"Version", "Package: xx\nVersion: 1 2\nArchitecture: all\n",
                        "field Version: cannot read control file: '1 2' is not a version"},
                    Bad{"NoVersion", "Package: xx\nArchitecture: all\n",
                        "field Version: cannot read control file: '' is not a version"},
                    Bad{"Architecture", "Package: xx\nVersion: 1\nArchitecture: a/b\n",
                        "field Architecture: cannot read control file: 'a/b' is not an architecture"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace stratify::image
