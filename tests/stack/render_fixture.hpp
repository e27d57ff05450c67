// The real catalogue, a machine with one public address, images with made-up digests.
#pragma once

#include <gtest/gtest.h>

#include "stack/render.hpp"

namespace stratify::stack::tests {

class Rendering : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = load_catalogue("stack/catalogue");
    ASSERT_TRUE(loaded) << loaded.error().message();
    catalogue_ = *std::move(loaded);
    facts_.addresses = {{.text = "203.0.113.7", .v6 = false, .global = true},
                        {.text = "2001:db8::7", .v6 = true, .global = true},
                        {.text = "192.168.1.7", .v6 = false, .global = false}};
    for (const std::string name : {"caddy", "radicale", "webdav"}) {
      images_[name] =
          "localhost/openhaven/" + name + "@sha256:" + std::string(64, name[0] == 'c' ? 'c' : 'a');
    }
  }

  void claim(const std::string& domain, const std::string& more = "") {
    auto parsed = parse_configuration("domain: " + domain + "\n" + more, "cloud.yaml");
    ASSERT_TRUE(parsed) << parsed.error().message();
    configuration_ = *std::move(parsed);
  }

  [[nodiscard]] DesiredState rendered() const {
    auto state = render(
        {.catalogue = catalogue_, .configuration = configuration_, .facts = facts_, .images = images_});
    EXPECT_TRUE(state) << state.error().message();
    return state.value_or(DesiredState{});
  }

  [[nodiscard]] std::string file(const std::string& path) const {
    for (const auto& file : rendered().files) {
      if (file.path == path) return file.content;
    }
    ADD_FAILURE() << path << " is not rendered";
    return "";
  }

  Catalogue catalogue_;
  std::optional<Configuration> configuration_;
  MachineFacts facts_;
  Images images_;
};

}  // namespace stratify::stack::tests
