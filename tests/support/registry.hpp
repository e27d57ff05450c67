// A real registry of images, Debian's docker-registry, on loopback.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "platform/file.hpp"
#include "platform/http.hpp"
#include "tests/support/background.hpp"

namespace stratify::tests {

// Until a program answers HTTP there; a failure of the test after ten seconds.
void wait_for_answer(const HttpPeer& peer);

struct PushedImage {
  std::string reference;    // "127.0.0.1:5000/office"
  std::string digest;       // "sha256:..."
  std::uint64_t bytes = 0;  // compressed, layers and configuration
  [[nodiscard]] std::string name() const { return reference + "@" + digest; }
};

class Registry {
 public:
  // Moves the test to a network of its own, where only this registry is, and to a home whose registries.conf
  // lets podman and skopeo do without TLS.
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Makes an image of one file with this content, and brings it here.
  [[nodiscard]] PushedImage push(const std::string& content);
  // The same, its digest being that of an index whose one entry it is.
  [[nodiscard]] PushedImage push_index(const std::string& content);
  // From now on a manifest of another digest is what it hands out.
  void damage(const PushedImage& image);
  void stop() { server_.reset(); }

 private:
  TemporaryFolder folder_;
  std::string home_before_;
  std::unique_ptr<Background> server_;
};

}  // namespace stratify::tests
