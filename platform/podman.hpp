// Podman through its REST API (libpod, version 5) on a Unix socket.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "platform/error.hpp"

namespace stratify {

// Podman as the stack needs it. The real one speaks HTTP to the socket; tests have a fake.
class Podman {
 public:
  virtual ~Podman() = default;
  // name -> the label we gave it ("" when it is not ours).
  [[nodiscard]] virtual Result<std::map<std::string, std::string>> secrets() = 0;
  // Creates the secret or replaces its content; label is kept beside it, readable by root without the
  // content.
  [[nodiscard]] virtual Result<void> set_secret(const std::string& name, const std::string& data,
                                                const std::string& label) = 0;
  // kNotFound when there is none.
  [[nodiscard]] virtual Result<void> remove_secret(const std::string& name) = 0;
};

// Whether a container's own health command succeeds, asked now.
class ContainerHealth {
 public:
  virtual ~ContainerHealth() = default;
  // kNotFound when there is no such container, kConflict when it has no health command.
  [[nodiscard]] virtual Result<bool> is_healthy(const std::string& container) = 0;
};

// Images in podman's store, each by name and digest: "registry.example.org/name@sha256:<64 hexadecimal
// digits>". kInvalidInput for a name without a digest.
class ContainerImages {
 public:
  virtual ~ContainerImages() = default;
  // Whether an image with this digest is there.
  [[nodiscard]] virtual Result<bool> has_image(const std::string& name) = 0;
  // Fetches it from its registry unless it is there, within an hour. kUnavailable when the registry does not
  // give it, kVerification when the store holds something else under the name afterwards.
  [[nodiscard]] virtual Result<void> pull_image(const std::string& name) = 0;
  // kNotFound when there is none, kConflict while a container uses it.
  [[nodiscard]] virtual Result<void> remove_image(const std::string& name) = 0;
};

// Connects anew for each call: the service behind the socket ends when it is idle.
class PodmanSocket final : public Podman, public ContainerHealth, public ContainerImages {
 public:
  static constexpr const char* kDefaultSocket = "/run/podman/podman.sock";

  explicit PodmanSocket(std::filesystem::path socket = kDefaultSocket) : socket_(std::move(socket)) {}

  // Errors: kUnavailable when nobody listens or the answer is no HTTP, kTimeout after 60 s (a pull: an hour),
  // otherwise podman's own sentence (404 kNotFound, 409 kConflict, else kCommandFailed).
  [[nodiscard]] Result<std::map<std::string, std::string>> secrets() override;
  [[nodiscard]] Result<void> set_secret(const std::string& name, const std::string& data,
                                        const std::string& label) override;
  [[nodiscard]] Result<void> remove_secret(const std::string& name) override;
  [[nodiscard]] Result<bool> is_healthy(const std::string& container) override;
  [[nodiscard]] Result<bool> has_image(const std::string& name) override;
  [[nodiscard]] Result<void> pull_image(const std::string& name) override;
  [[nodiscard]] Result<void> remove_image(const std::string& name) override;

 private:
  std::filesystem::path socket_;
};

}  // namespace stratify
