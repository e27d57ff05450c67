#include "tests/support/registry.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>

#include <chrono>
#include <cstdlib>
#include <format>

#include <boost/json.hpp>

#include "platform/process.hpp"
#include "platform/sha256.hpp"

namespace stratify::tests {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kAddress = "127.0.0.1";
constexpr std::uint16_t kPort = 5000;
constexpr const char* kReference = "127.0.0.1:5000/office";

void run(std::vector<std::string> arguments) {
  RealProcessRunner runner;
  const auto ran = run_checked(runner, {.arguments = std::move(arguments)});
  EXPECT_TRUE(ran) << ran.error().message();
}

std::string configuration_of(const fs::path& storage) {
  return std::format(
      "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
      "storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{}:{}\"}}\n",
      storage.string(), kAddress, kPort);
}

// A folder that holds images as blobs, each named by its digest (OCI image layout specification 1.1).
class Layout {
 public:
  explicit Layout(fs::path folder) : folder_(std::move(folder)) {
    EXPECT_TRUE(write_file(folder_ / "oci-layout", R"({"imageLayoutVersion": "1.0.0"})"));
  }

  json::object add(const std::string& kind, const std::string& blob) {
    const auto sum = Sha256::of(blob).hex();
    EXPECT_TRUE(write_file(folder_ / "blobs/sha256" / sum, blob));
    return {{"mediaType", "application/vnd.oci.image." + kind},
            {"digest", "sha256:" + sum},
            {"size", blob.size()}};
  }

  json::object add_image(const std::string& content) {
    EXPECT_TRUE(write_file(folder_ / "files/content", content));
    run({"tar", "-C", folder_ / "files", "-cf", folder_ / "layer.tar", "content"});
    const auto layer = add("layer.v1.tar", read_file(folder_ / "layer.tar").value());
    const auto config = add(
        "config.v1+json",
        json::serialize(json::object{{"architecture", "amd64"},
                                     {"os", "linux"},
                                     {"config", json::object()},
                                     {"rootfs", {{"type", "layers"}, {"diff_ids", {layer.at("digest")}}}}}));
    bytes_ = layer.at("size").to_number<std::uint64_t>() + config.at("size").to_number<std::uint64_t>();
    return add("manifest.v1+json",
               json::serialize(json::object{{"schemaVersion", 2},
                                            {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                                            {"config", config},
                                            {"layers", json::array{layer}}}));
  }

  json::object add_index(json::object manifest) {
    manifest["platform"] = {{"architecture", "amd64"}, {"os", "linux"}};
    return add("index.v1+json",
               json::serialize(json::object{{"schemaVersion", 2},
                                            {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                            {"manifests", json::array{std::move(manifest)}}}));
  }

  // The layout holds what this describes; brings it to the registry.
  PushedImage push(json::object descriptor) {
    PushedImage image{
        .reference = kReference, .digest = std::string(descriptor.at("digest").as_string()), .bytes = bytes_};
    EXPECT_TRUE(write_file(folder_ / "index.json",
                           json::serialize(json::object{{"schemaVersion", 2},
                                                        {"manifests", json::array{std::move(descriptor)}}})));
    run({"skopeo", "copy", "--quiet", "--all", "--preserve-digests", "oci:" + folder_.string(),
         std::string("docker://") + kReference + ":pushed"});
    return image;
  }

 private:
  fs::path folder_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

void wait_for_answer(const HttpPeer& peer) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!ask(peer, {.host = "test"}, {})) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "nothing answers";
    constexpr int kNowAndThen = 20;
    ::poll(nullptr, 0, kNowAndThen);
  }
}

Registry::Registry()
    : folder_(TemporaryFolder::create(testing::TempDir()).value()), home_before_(::getenv("HOME")) {
  EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
  run({"ip", "link", "set", "lo", "up"});
  EXPECT_TRUE(
      write_file(folder_.path() / ".config/containers/registries.conf",
                 std::format("[[registry]]\nlocation = \"{}:{}\"\ninsecure = true\n", kAddress, kPort)));
  ::setenv("HOME", folder_.path().c_str(), 1);
  const auto file = folder_.path() / "registry.yml";
  EXPECT_TRUE(write_file(file, configuration_of(folder_.path() / "storage")));
  server_ = std::make_unique<Background>(std::vector<std::string>{"docker-registry", "serve", file});
  wait_for_answer(TcpSocket{.address = kAddress, .port = kPort});
}

Registry::~Registry() { ::setenv("HOME", home_before_.c_str(), 1); }

PushedImage Registry::push(const std::string& content) {
  Layout layout(folder_.path() / "layouts" / content);
  return layout.push(layout.add_image(content));
}

PushedImage Registry::push_index(const std::string& content) {
  Layout layout(folder_.path() / "layouts" / content);
  return layout.push(layout.add_index(layout.add_image(content)));
}

// The file layout of docker-registry 2.
void Registry::damage(const PushedImage& image) {
  const auto sum = image.digest.substr(image.digest.find(':') + 1);
  const auto blob =
      folder_.path() / "storage/docker/registry/v2/blobs/sha256" / sum.substr(0, 2) / sum / "data";
  EXPECT_TRUE(write_file(blob, read_file(blob).value() + "\n"));
}

}  // namespace stratify::tests
