#include "platform/podman.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "platform/file.hpp"

namespace stratify {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Stream = asio::local::stream_protocol;

// Answers a request on a Unix socket with each body it is told, and keeps the last request.
class PodmanService {
 public:
  PodmanService(const std::filesystem::path& socket, http::status status, std::vector<std::string> bodies)
      : acceptor_(context_, Stream::endpoint(socket.string())),
        status_(status),
        bodies_(std::move(bodies)),
        thread_([this] { serve(); }) {}

  http::request<http::string_body> request;

  void wait() { thread_.join(); }

 private:
  void serve() {
    for (const auto& body : bodies_) answer(body);
  }

  void answer(const std::string& body) {
    Stream::socket connection(context_);
    acceptor_.accept(connection);
    boost::beast::flat_buffer buffer;
    request = {};
    http::read(connection, buffer, request);
    http::response<http::string_body> response(status_, 11);
    response.body() = body;
    response.prepare_payload();
    http::write(connection, response);
  }

  asio::io_context context_;
  Stream::acceptor acceptor_;
  http::status status_;
  std::vector<std::string> bodies_;
  std::jthread thread_;
};

class ThePodmanSocket : public testing::Test {
 protected:
  TemporaryFolder folder_ = *TemporaryFolder::create(testing::TempDir());
  std::filesystem::path socket_ = folder_.path() / "podman.sock";
  PodmanSocket podman_{socket_};
};

TEST_F(ThePodmanSocket, SetsASecretWithItsLabel) {
  PodmanService service(socket_, http::status::ok, {R"({"ID": "1"})"});
  const auto set = podman_.set_secret("openhaven-users", "owner:$2y$", "mark");
  ASSERT_TRUE(set) << set.error().message();
  service.wait();
  EXPECT_EQ(service.request.method(), http::verb::post);
  EXPECT_EQ(service.request.target(),
            "/v5.0.0/libpod/secrets/"
            "create?name=openhaven-users&replace=true&labels=%7B%22openhaven%22%3A%22mark%22%7D");
  EXPECT_EQ(service.request.body(), "owner:$2y$");
}

TEST_F(ThePodmanSocket, ListsSecretsWithOurLabels) {
  PodmanService service(socket_, http::status::ok,
                        {R"([{"ID": "1", "Spec": {"Name": "ours", "Labels": {"openhaven": "mark"}}},
                            {"ID": "2", "Spec": {"Name": "theirs", "Labels": {}}},
                            {"ID": "3", "Spec": {"Name": "old"}}])"});
  EXPECT_THAT(*podman_.secrets(),
              testing::ElementsAre(std::pair("old", ""), std::pair("ours", "mark"), std::pair("theirs", "")));
}

TEST_F(ThePodmanSocket, RepeatsWhatPodmanSaid) {
  PodmanService service(
      socket_, http::status::not_found,
      {R"({"cause": "no such secret", "message": "no secret with name x", "response": 404})"});
  const auto removed = podman_.remove_secret("x");
  EXPECT_EQ(removed.error().category(), Category::kNotFound);
  EXPECT_EQ(removed.error().message(), "secret x: cannot remove: no secret with name x");
}

TEST_F(ThePodmanSocket, ThatNobodyListensOnIsUnavailable) {
  const auto listed = podman_.secrets();
  EXPECT_EQ(listed.error().category(), Category::kUnavailable);
  EXPECT_THAT(listed.error().message(), testing::HasSubstr("systemctl status podman.socket"));
}

TEST_F(ThePodmanSocket, ThatAnswersNonsenseIsUnavailable) {
  PodmanService service(socket_, http::status::ok, {"[{}]"});
  EXPECT_EQ(podman_.secrets().error().category(), Category::kUnavailable);
}

// What cannot be made to happen with podman itself; the rest is in podman_images_test.cpp.
const std::string kImage = "registry.example.org/office@sha256:" + std::string(64, 'a');

TEST_F(ThePodmanSocket, AsksForAnImageByNameAndDigest) {
  PodmanService service(socket_, http::status::ok, {R"({"error": "no such host"})"});
  const auto pulled = podman_.pull_image(kImage);
  service.wait();
  EXPECT_EQ(service.request.method(), http::verb::post);
  EXPECT_EQ(service.request.target(),
            "/v5.0.0/libpod/images/"
            "pull?policy=missing&quiet=true&reference=registry.example.org%2Foffice%40sha256%3A" +
                std::string(64, 'a'));
  EXPECT_EQ(pulled.error().message(),
            "image " + kImage + ": cannot pull: no such host; see whether this machine reaches the registry");
}

TEST_F(ThePodmanSocket, ThatHoldsAnImageOfAnotherDigestDoesNotHaveIt) {
  PodmanService service(socket_, http::status::ok, {R"({"Digest": "sha256:b"})"});
  EXPECT_EQ(podman_.has_image(kImage), false);
}

TEST_F(ThePodmanSocket, RefusesAnImageThatPodmanStoredWithAnotherDigest) {
  PodmanService service(socket_, http::status::ok, {R"({"id": "1"})", R"({"Digest": "sha256:b"})"});
  EXPECT_EQ(podman_.pull_image(kImage).error().category(), Category::kVerification);
}

TEST_F(ThePodmanSocket, DoesNotAskForAnImageWithoutADigest) {
  EXPECT_EQ(podman_.pull_image("office:latest").error().category(), Category::kInvalidInput);
}

}  // namespace
}  // namespace stratify
