#include "stack/catalogue.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::stack {
namespace {

constexpr const char* kGood =
    "capability: notes\nprovider: pad\ntitle: Notes\nimage: pad\nmemory: 64 MiB\ntasks: 32\n"
    "health: {probe: \"http://127.0.0.1:80/\"}\n";

struct Wrong {
  std::string what;
  std::string line;     // of the good file, by its key; empty: nothing is replaced
  std::string instead;  // appended when line is empty
  std::string message;  // after the file's path
};

class AWrongProvider : public testing::TestWithParam<Wrong> {
 protected:
  std::string text() const {
    std::string text(kGood);
    const auto& [what, line, instead, message] = GetParam();
    if (line.empty()) return text + instead;
    const auto begin = text.find(line + ":");
    return text.replace(begin, text.find('\n', begin) + 1 - begin, instead);
  }
};

TEST_P(AWrongProvider, IsRefusedAtItsPlace) {
  const auto folder = TemporaryFolder::create(testing::TempDir());
  const auto file = folder->path() / "notes" / "pad.yaml";
  ASSERT_TRUE(write_file(file, text()));
  const auto provider = load_provider(file);
  ASSERT_FALSE(provider);
  EXPECT_EQ(provider.error().category(), Category::kInvalidInput);
  EXPECT_EQ(provider.error().message().substr(file.string().size()), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, AWrongProvider,
    testing::Values(
        Wrong{"NoYaml", "title", "title: [\n", ":5:7: not YAML: end of sequence flow not found"},
        Wrong{"AnotherFolder", "capability", "capability: files\n",
              ":1:13: expected \"notes\", the name of its folder, found \"files\""},
        Wrong{"AnotherFile", "provider", "provider: etherpad\n",
              ":2:11: expected \"pad\", the name of its file, found \"etherpad\""},
        Wrong{"MissingKey", "memory", "", ":1:1: the key \"memory\" is missing"},
        Wrong{"UnknownKey", "", "route: []\n", ":8:1: unknown key \"route\"; did you mean \"routes\"?"},
        Wrong{"KeyTwice", "", "tasks: 9\n", ":8:1: the key \"tasks\" is given twice"},
        Wrong{"MemoryWithoutUnit", "memory", "memory: 64\n",
              ":5:9: expected a size such as \"512 MiB\" or \"4 GiB\", found \"64\""},
        Wrong{"TooFewTasks", "tasks", "tasks: 1\n", ":6:8: expected a number from 8 to 32768, found \"1\""},
        Wrong{"PathOut", "", "volumes:\n  - at: /srv/../etc\n",
              ":9:9: expected an absolute path of plain characters, found \"/srv/../etc\""},
        Wrong{"VolumeWithOptions", "", "volumes:\n  - at: \"/srv:rw\"\n",
              ":9:9: expected an absolute path of plain characters, found \"/srv:rw\""},
        Wrong{"TwoLines", "title", "title: \"a\\nb\"\n",
              ":3:8: expected one line without double quotes and backslashes, found \"a?b\""},
        Wrong{"PortTooBig", "", "ports:\n  - {port: 65536, protocol: tcp}\n",
              ":9:12: expected a number from 1 to 65535, found \"65536\""},
        Wrong{"Protocol", "", "ports:\n  - {port: 80, protocol: sctp}\n",
              ":9:26: expected tcp or udp, found \"sctp\""},
        Wrong{"Interval", "health", "health: {probe: \"http://127.0.0.1:80/\", interval: 30}\n",
              ":7:51: expected seconds from \"1s\" to \"3600s\", found \"30\""},
        Wrong{"Probe", "health", "health: {probe: \"curl localhost\"}\n",
              ":7:17: expected http://ADDRESS:PORT/PATH or unix:SOCKET:/PATH, found \"curl localhost\""},
        Wrong{"Capability", "", "capabilities: [cap_sys_admin]\n",
              ":8:16: expected a capability like NET_BIND_SERVICE, found \"cap_sys_admin\""},
        Wrong{"EnvironmentWithQuote", "", "environment: {A: 'b\"c'}\n",
              ":8:14: a value is not one line without quotes"}),
    [](const auto& row) { return row.param.what; });

TEST(AProvider, NamesTheTemplateItLacks) {
  const auto folder = TemporaryFolder::create(testing::TempDir());
  const auto file = folder->path() / "notes" / "pad.yaml";
  ASSERT_TRUE(
      write_file(file, std::string(kGood) + "configuration: {at: /etc/pad, files: {conf: pad.mustache}}\n"));
  const auto missing = (folder->path() / "notes" / "pad.mustache").string();
  EXPECT_EQ(load_provider(file).error().message(),
            file.string() + ":8:45: " + missing + ": cannot open: No such file or directory");
}

TEST(TheCatalogue, RefusesANeedThatNobodyMeets) {
  const auto folder = TemporaryFolder::create(testing::TempDir());
  ASSERT_TRUE(write_file(folder->path() / "notes" / "pad.yaml", std::string(kGood) + "needs: [database]\n"));
  EXPECT_EQ(load_catalogue(folder->path()).error().message(),
            "notes/pad.yaml: needs \"database\", which no provider of the catalogue offers");
}

TEST(TheCatalogue, OfThisVersionIsWellFormed) {
  const auto catalogue = load_catalogue("stack/catalogue");
  ASSERT_TRUE(catalogue) << catalogue.error().message();
  EXPECT_EQ(catalogue->providers.size(), 3U);
}

}  // namespace
}  // namespace stratify::stack
