// Quadlet units (podman-systemd.unit(5)) of one provider.
#pragma once

#include <string>
#include <vector>

#include "stack/catalogue.hpp"

namespace stratify::stack {

struct ContainerUnit {
  const Provider& provider;
  std::string image;                  // "localhost/openhaven/caddy@sha256:..."
  std::vector<std::string> networks;  // names of the .network files it joins, its own first
};

// The text of <provider>.container.
[[nodiscard]] std::string container_unit(const ContainerUnit& unit);

// The text of <provider>.network: without a way out unless the provider publishes ports.
[[nodiscard]] std::string network_unit(const Provider& provider);

// Where a volume lies on the machine.
[[nodiscard]] std::string volume_path(const Provider& provider, const Volume& volume);

// The folder of a provider's rendered configuration.
[[nodiscard]] std::string configuration_folder(const Provider& provider);

// The name under which podman keeps a secret.
[[nodiscard]] std::string podman_secret(const std::string& name);

}  // namespace stratify::stack
