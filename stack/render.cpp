#include "stack/render.hpp"

#include <algorithm>
#include <set>

#include "stack/dns.hpp"
#include "stack/quadlet.hpp"
#include "stack/secrets.hpp"
#include "stack/template.hpp"

namespace stratify::stack {

namespace {

constexpr const char* kProxy = "proxy";
constexpr const char* kUnits = "/run/containers/systemd/";

TemplateValue text(std::string value) { return {.value = std::move(value)}; }
TemplateValue truth(bool value) { return {.value = value}; }
TemplateValue list(std::vector<TemplateNames> value) { return {.value = std::move(value)}; }

// A list that is there or not, for a section around one value.
TemplateValue maybe(const std::string& name, const std::string& value) {
  if (value.empty()) return list({});
  return list({{{name, text(value)}}});
}

std::string host_of(const Route& route, const Domain& domain) {
  return route.subdomain + "." + domain.ascii();
}

// "" for the protocol's own port, else ":8443".
std::string port_suffix(std::uint16_t port, std::uint16_t usual) {
  return port == usual ? "" : ":" + std::to_string(port);
}

std::string http_at(const RenderInput& input, const std::string& host) {
  return "http://" + host + port_suffix(input.facts.ports.http, OutsidePorts().http);
}

std::string https_at(const RenderInput& input, const std::string& host) {
  return "https://" + host + port_suffix(input.facts.ports.https, OutsidePorts().https);
}

std::vector<TemplateNames> well_known_of(const RenderInput& input, const Route& route) {
  std::vector<TemplateNames> names;
  names.reserve(route.well_known.size());
  for (const auto& name : route.well_known) {
    const auto url = https_at(input, host_of(route, input.configuration->domain)) + "/";
    names.push_back({{"name", text(name)}, {"url", text(url)}});
  }
  return names;
}

// How a name proves itself. Only a public name that leads here can have a public certificate, and only such a
// name may forbid plain HTTP for a year: a browser must never be locked out of a box whose authority it does
// not know yet.
void add_certificate(TemplateNames& names, const RenderInput& input, const std::string& host) {
  const bool ready =
      input.configuration->domain.kind() == DomainKind::kPublic && input.facts.ready_names.contains(host);
  names["certificate"] = text(ready ? "public" : "own");
  names["hsts"] = truth(ready);
}

TemplateNames site_of(const RenderInput& input, const Provider& provider, const Route& route) {
  const auto& domain = input.configuration->domain;
  TemplateNames names{{"host", text(host_of(route, domain))},
                      {"title", text(route.title)},
                      {"upstream", text(provider.name + ":" + std::to_string(route.port))},
                      {"content_policy", text(route.content_policy)},
                      {"well_known", list(well_known_of(input, route))}};
  add_certificate(names, input, host_of(route, domain));
  return names;
}

// What every template may ask for.
TemplateNames names_for_all(const RenderInput& input) {
  TemplateNames names{{"claimed", truth(input.configuration.has_value())}, {"acme_ca_root", text("")}};
  if (!input.configuration) return names;
  const auto& configuration = *input.configuration;
  std::vector<TemplateNames> sites;
  std::vector<TemplateNames> well_known;
  for (const auto& provider : input.catalogue.providers) {
    for (const auto& route : provider.routes) {
      sites.push_back(site_of(input, provider, route));
      std::ranges::move(well_known_of(input, route), std::back_inserter(well_known));
    }
  }
  names["domain"] = text(configuration.domain.ascii());
  names["secure_url"] = text(https_at(input, "{host}"));
  names["acme_ca"] = maybe("url", configuration.acme_ca);
  names["acme_root"] = truth(!configuration.acme_ca_root.empty());
  names["acme_ca_root"] = text(configuration.acme_ca_root);
  names["sites"] = list(std::move(sites));
  names["well_known"] = list(std::move(well_known));
  add_certificate(names, input, configuration.domain.ascii());
  return names;
}

void add_folder(DesiredState& state, DataFolder folder) {
  const auto same = [&](const DataFolder& other) { return other.path == folder.path; };
  if (std::ranges::none_of(state.folders, same)) state.folders.push_back(std::move(folder));
}

void add_volumes(const Provider& provider, DesiredState& state) {
  for (const auto& volume : provider.volumes) {
    const auto path = volume_path(provider, volume);
    add_folder(state, {.path = "/var/lib/openhaven/data"});
    if (!volume.name.empty()) add_folder(state, {.path = "/var/lib/openhaven/data/" + provider.name});
    add_folder(state, {.path = path, .subvolume = true, .owner = static_cast<std::uint32_t>(provider.user)});
    for (const auto& folder : volume.folders)
      add_folder(state, {.path = path + "/" + folder, .owner = static_cast<std::uint32_t>(provider.user)});
  }
  for (const auto& mount : provider.host) add_folder(state, {.path = mount.from, .mode = 0755});
}

void add_secrets(const Provider& provider, DesiredState& state, WantedUnit& unit) {
  for (const auto& secret : provider.secrets) {
    const WantedSecret wanted{.name = podman_secret(secret.name),
                              .file = std::string("/") + kSecretsFolder + "/" + secret.name};
    unit.secrets.push_back(wanted.name);
    if (!std::ranges::contains(state.secrets, wanted)) state.secrets.push_back(wanted);
  }
}

void add_definition(DesiredState& state, WantedUnit& unit, const std::string& name, std::string content) {
  unit.definition.push_back(kUnits + name);
  state.files.push_back({.path = kUnits + name, .content = std::move(content)});
}

Result<void> add_configuration(const RenderInput& input, const Provider& provider, TemplateNames names,
                               DesiredState& state, WantedUnit& unit) {
  if (input.configuration && !provider.routes.empty()) {
    names["host"] = text(host_of(provider.routes.front(), input.configuration->domain));
  }
  for (const auto& file : provider.configuration.files) {
    const auto path = configuration_folder(provider) + "/" + file.name;
    state.files.push_back({.path = path, .content = TRY(fill(file.text, names, file.template_path))});
    unit.configuration.push_back(path);
  }
  return {};
}

// The proxy joins every provider's network from the start, so that a claim changes its routes and not its
// container.
std::vector<std::string> networks_of(const Catalogue& catalogue, const Provider& provider) {
  std::vector<std::string> networks{provider.name};
  if (provider.capability != kProxy) return networks;
  for (const auto& other : catalogue.providers) {
    if (!other.routes.empty()) networks.push_back(other.name);
  }
  return networks;
}

Result<std::string> image_of(const Images& images, const Provider& provider) {
  const auto found = images.find(provider.image);
  if (found != images.end()) return found->second;
  return fail(Category::kNotFound, "find the image of", provider.name,
              "this version holds no image '" + provider.image + "'");
}

Result<void> add_provider(const RenderInput& input, const Provider& provider, const TemplateNames& names,
                          DesiredState& state) {
  WantedUnit unit{.unit = provider.unit(), .title = provider.title, .can_reload = !provider.reload.empty()};
  const ContainerUnit container{.provider = provider,
                                .image = TRY(image_of(input.images, provider)),
                                .networks = networks_of(input.catalogue, provider)};
  add_definition(state, unit, provider.name + ".container", container_unit(container));
  TRY(add_configuration(input, provider, names, state, unit));
  add_volumes(provider, state);
  add_secrets(provider, state, unit);
  state.units.push_back(std::move(unit));
  return {};
}

Live live_of(const RenderInput& input) {
  const auto& domain = input.configuration->domain;
  Live live{.domain = domain.ascii(),
            .display = domain.unicode(),
            .url = https_at(input, domain.ascii()) + "/",
            .kind = domain.kind()};
  for (const auto& provider : input.catalogue.providers) {
    for (const auto& route : provider.routes) {
      const auto host = host_of(route, domain);
      const auto origin = https_at(input, host);
      Address address{.title = route.title, .host = host, .url = origin + "/", .unit = provider.unit()};
      for (const auto& hint : route.hints) address.hints.push_back({hint.label, origin + hint.path});
      live.addresses.push_back(std::move(address));
    }
  }
  live.records = wanted_records(host_names(input.catalogue, domain), input.facts.addresses);
  live.authority_url = http_at(input, domain.ascii()) + "/openhaven-ca.crt";
  return live;
}

}  // namespace

std::vector<std::string> host_names(const Catalogue& catalogue, const Domain& domain) {
  std::vector<std::string> names{domain.ascii()};
  for (const auto& provider : catalogue.providers) {
    for (const auto& route : provider.routes) names.push_back(host_of(route, domain));
  }
  return names;
}

Result<DesiredState> render(const RenderInput& input) {
  DesiredState state;
  const auto names = names_for_all(input);
  for (const auto& provider : input.catalogue.providers) {
    state.files.push_back({.path = kUnits + provider.name + ".network", .content = network_unit(provider)});
    if (!input.configuration && provider.capability != kProxy) continue;
    TRY(add_provider(input, provider, names, state));
  }
  // The proxy first: its page tells how the others come up.
  std::ranges::stable_partition(state.units, [](const WantedUnit& unit) { return unit.can_reload; });
  if (!input.configuration) return state;
  state.live = live_of(input);
  state.files.push_back({.path = kLiveFile, .content = to_json(*state.live)});
  return state;
}

}  // namespace stratify::stack
