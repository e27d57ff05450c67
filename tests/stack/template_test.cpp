#include "stack/template.hpp"

#include <gtest/gtest.h>

namespace stratify::stack {
namespace {

TemplateValue text(std::string value) { return {.value = std::move(value)}; }
TemplateValue truth(bool value) { return {.value = value}; }
TemplateValue list(std::vector<TemplateNames> value) { return {.value = std::move(value)}; }

const TemplateNames kNames{
    {"name", text("Ann")},
    {"yes", truth(true)},
    {"no", truth(false)},
    {"none", list({})},
    {"two", list({{{"item", text("a")}}, {{"item", text("b")}, {"name", text("Bob")}}})}};

struct Filled {
  std::string what;
  std::string text;
  std::string result;
};

class ATemplate : public testing::TestWithParam<Filled> {};

TEST_P(ATemplate, IsFilled) {
  const auto result = fill(GetParam().text, kNames, "t");
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(*result, GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ATemplate,
    testing::Values(Filled{"NoTag", "plain { text }\n", "plain { text }\n"},
                    Filled{"Text", "Hello {{name}}, {{ name }}!", "Hello Ann, Ann!"},
                    Filled{"Truth", "{{#yes}}a{{/yes}}{{#no}}b{{/no}}{{^no}}c{{/no}}", "ac"},
                    Filled{"List", "{{#two}}[{{item}}{{name}}]{{/two}}", "[aAnn][bBob]"},
                    Filled{"EmptyList", "{{#none}}a{{/none}}{{^none}}b{{/none}}", "b"},
                    Filled{"AloneOnItsLine", "a\n  {{#yes}}\nb\n{{/yes}}\nc\n", "a\nb\nc\n"},
                    Filled{"AloneAtTheEnd", "{{#yes}}\nb\n{{/yes}}", "b\n"},
                    Filled{"Comment", "a\n{{! why }}\nb\n", "a\nb\n"},
                    Filled{"Nested", "{{#two}}{{#yes}}{{item}}{{/yes}}{{/two}}", "ab"}),
    [](const auto& row) { return row.param.what; });

struct Wrong {
  std::string what;
  std::string text;
  std::string message;
};

class AWrongTemplate : public testing::TestWithParam<Wrong> {};

TEST_P(AWrongTemplate, IsRefusedAtItsPlace) {
  EXPECT_EQ(fill(GetParam().text, kNames, "t").error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AWrongTemplate,
    testing::Values(Wrong{"UnknownName", "a\n {{nobody}}", "t:2:2: nothing is called 'nobody' here"},
                    Wrong{"NoEndOfTag", "a {{name", "t:1:3: a tag begins here that never ends"},
                    Wrong{"NoName", "{{ }}", "t:1:1: a tag without a name"},
                    Wrong{"NoEndOfSection", "{{#yes}}a", "t:1:10: the section 'yes' has no end"},
                    Wrong{"EndWithoutBegin", "a{{/yes}}", "t:1:2: a section ends here that never began"},
                    Wrong{"CrossedSections", "{{#yes}}{{#no}}{{/yes}}{{/no}}",
                          "t:1:16: expected the end of 'no', found 'yes'"},
                    Wrong{"ListAsText", "{{two}}", "t:1:1: 'two' is not a text"},
                    Wrong{"TextAsSection", "{{#name}}{{/name}}",
                          "t:1:1: 'name' is a text, not a truth or a list"}),
    [](const auto& row) { return row.param.what; });

}  // namespace
}  // namespace stratify::stack
