// The catalogue: what this version can run. One folder per capability, one YAML file per provider, templates
// of its configuration files beside it. README.md in catalogue/ explains every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/error.hpp"

namespace stratify::stack {

// A folder of data of its own: /var/lib/openhaven/data/<provider>, or <provider>/<name> when it has a name.
struct Volume {
  std::string name;                  // may be empty
  std::string at;                    // where the container sees it
  std::vector<std::string> folders;  // made inside when missing
};

// A configuration file rendered from a template.
struct ConfigurationFile {
  std::string name;           // below ConfigurationFolder::at
  std::string text;           // the template's text
  std::string template_path;  // for errors
};

struct ConfigurationFolder {
  std::string at;  // where the container sees it
  std::vector<ConfigurationFile> files;
};

struct SecretMount {
  std::string name;  // "users": the file below /var/lib/openhaven/secrets
  std::string at;
};

// A folder of the host, for sockets and programs. Always read-only.
struct HostMount {
  std::string from;
  std::string at;
};

struct RouteHint {
  std::string label;
  std::string path;
};

// A name below the domain that the proxy hands to this provider.
struct Route {
  std::string subdomain;  // "calendar"
  std::uint64_t port = 0;
  std::string title;
  std::string content_policy;           // Content-Security-Policy of its answers
  std::vector<std::string> well_known;  // RFC 8615 names redirected to it: "caldav"
  std::vector<RouteHint> hints;
};

struct PublishedPort {
  std::uint64_t port = 0;
  std::string protocol;  // "tcp" or "udp"
};

struct Health {
  std::string probe;  // the argument of haven-probe: a URL, or unix:PATH:URL-PATH
  std::chrono::seconds interval{30};
  std::chrono::seconds start_period{60};
};

struct Provider {
  std::string capability;            // "calendar"
  std::string name;                  // "radicale": of its container, unit, network, image and data folder
  std::string title;                 // "Calendar and contacts"
  std::string image;                 // a name in images.json
  std::uint64_t user = 0;            // user and group inside the container
  std::vector<std::string> command;  // instead of the image's own
  std::vector<std::string> reload;  // run inside it when only its configuration changed; else it is restarted
  std::vector<std::string> environment;  // "KEY=value"
  std::vector<Volume> volumes;
  ConfigurationFolder configuration;
  std::vector<SecretMount> secrets;
  std::vector<HostMount> host;
  std::vector<Route> routes;
  std::vector<PublishedPort> ports;  // the proxy's alone
  Health health;
  std::uint64_t memory_mib = 0;
  std::uint64_t tasks = 0;
  std::vector<std::string> capabilities;  // kernel capabilities kept: "NET_BIND_SERVICE"
  std::vector<std::string> needs;         // capabilities of the catalogue that must run too

  [[nodiscard]] std::string unit() const { return name + ".service"; }
};

struct Catalogue {
  std::vector<Provider> providers;  // sorted by capability, then name
};

// Reads every <capability>/<provider>.yaml below folder. Errors name file, line, column and what was expected
// (kInvalidInput).
[[nodiscard]] Result<Catalogue> load_catalogue(const std::filesystem::path& folder);

// One provider. file is the path in errors and beside which templates lie; its name and its folder's name
// must be what the file says.
[[nodiscard]] Result<Provider> load_provider(const std::filesystem::path& file);

}  // namespace stratify::stack
