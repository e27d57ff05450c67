#include "image/compose/container_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/image/compose/scratch_repository.hpp"

namespace stratify::image {
namespace {

namespace json = boost::json;

constexpr const char* kStore = "/usr/lib/containers/storage";

class AContainerStore : public testing::Test {
 protected:
  // A service tree of one program.
  Sha256 service_tree(std::string_view program) {
    return scratch_.commit([&](ostree::Transaction& transaction, ostree::Tree& tree) {
      ASSERT_TRUE(tree.ensure_folder("/usr/bin", transaction.write_folder({.mode = 0755}).value()));
      ASSERT_TRUE(tree.replace_file("/usr/bin/web", transaction.write_file({.mode = 0755}, program).value()));
    });
  }

  // An OS that holds one service made of the tree.
  Sha256 store(const Sha256& service) {
    const ServiceRecipe recipe{.tree = {.name = "web"},
                               .command = {"/usr/bin/web", "--serve"},
                               .user = "0:0",
                               .environment = {"HOME=/tmp"},
                               .working_folder = "/srv"};
    return scratch_.commit([&](ostree::Transaction& transaction, ostree::Tree& tree) {
      auto images = write_container_store(
          scratch_.repository(), transaction, tree, {{.recipe = recipe, .commit = service}},
          {.architecture = "amd64", .version = "1.0", .source_date = 1754697600});
      ASSERT_TRUE(images) << images.error().message();
      image_ = images->at(0);
    });
  }

  [[nodiscard]] json::value parsed(const Sha256& os, const std::string& path) const {
    return json::parse(scratch_.content(os, path));
  }

  // The layer's and the image's id, as the store lists them.
  [[nodiscard]] std::string only_id(const Sha256& os, const std::string& list) const {
    return std::string(parsed(os, kStore + list).at(0).at("id").as_string());
  }

  tests::ScratchRepository scratch_;
  StoredImage image_;
};

TEST_F(AContainerStore, HoldsTheObjectsOfTheServiceAndNoCopies) {
  const auto service = service_tree("program");
  const auto os = store(service);
  const auto layer = only_id(os, "/overlay-layers/layers.json");
  EXPECT_EQ(scratch_.object(os, std::string(kStore) + "/overlay/" + layer + "/diff/usr/bin/web"),
            scratch_.object(service, "/usr/bin/web"));
}

TEST_F(AContainerStore, NamesItsImageByTheChecksumOfItsManifest) {
  const auto os = store(service_tree("program"));
  const auto id = only_id(os, "/overlay-images/images.json");
  const auto manifest = scratch_.content(os, std::string(kStore) + "/overlay-images/" + id + "/manifest");
  EXPECT_EQ(image_.digest, "sha256:" + Sha256::of(manifest).hex());
  const auto config = json::parse(manifest).at("config");
  EXPECT_EQ(config.at("digest").as_string(), "sha256:" + id) << "podman's image id is its configuration's";
  const auto index = parsed(os, "/usr/lib/openhaven/images.json").at("web");
  EXPECT_EQ(index.at("digest").as_string(), image_.digest);
  EXPECT_EQ(index.at("reference").as_string(), "localhost/openhaven/web");
}

TEST_F(AContainerStore, SaysHowTheServiceIsStarted) {
  const auto os = store(service_tree("program"));
  const auto id = only_id(os, "/overlay-images/images.json");
  // "=" and base64 of "sha256:<id>", as containers/storage names what is no plain word.
  json::value config;
  for (const auto& entry : scratch_.entries_of(os)) {
    if (entry.path.contains("/overlay-images/" + id + "/=") && !entry.path.contains("bWFuaWZlc3Q"))
      config = json::parse(scratch_.content(os, entry.path)).at("config");
  }
  EXPECT_EQ(json::serialize(config.at("Cmd")), R"(["/usr/bin/web","--serve"])");
  EXPECT_EQ(config.at("User").as_string(), "0:0");
  EXPECT_EQ(config.at("WorkingDir").as_string(), "/srv");
  EXPECT_EQ(config.at("Env").as_array().back().as_string(), "HOME=/tmp");
}

TEST_F(AContainerStore, HasTheLocksThatAReadOnlyStoreCannotMake) {
  const auto os = store(service_tree("program"));
  for (const auto* lock : {"/storage.lock", "/overlay-layers/layers.lock", "/overlay-images/images.lock"})
    EXPECT_EQ(scratch_.content(os, std::string(kStore) + lock), "");
}

TEST_F(AContainerStore, GivesTheSameImageForTheSameTreeAndAnotherForAnother) {
  store(service_tree("program"));
  const auto first = image_.digest;
  store(service_tree("program"));
  EXPECT_EQ(image_.digest, first);
  store(service_tree("changed"));
  EXPECT_NE(image_.digest, first);
}

}  // namespace
}  // namespace stratify::image
