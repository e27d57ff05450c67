#include "stack/command.hpp"

#include <algorithm>

#include "platform/file.hpp"
#include "platform/sha256.hpp"
#include "stack/render.hpp"
#include "stack/secrets.hpp"

namespace stratify::stack {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCatalogue = "usr/lib/openhaven/catalogue";
constexpr const char* kTokenFile = "run/openhaven/reachable/token";

// What only this machine answers. It lasts until the next boot; the proxy serves it to everybody.
Result<std::string> token_of(const fs::path& root) {
  auto present = read_file(root / kTokenFile, 1024);
  if (present) return present;
  auto token = TRY(make_password());
  TRY(write_file(root / kTokenFile, token));
  return token;
}

// The proxy keeps a certificate until it nears its end, even one of the box's own authority for a name that
// may have a public one now. Without the file it asks at once; visitors of that name wait a few seconds, this
// one time.
Result<void> forget_own_certificate(const fs::path& root, const std::string& name) {
  return remove_tree(root / "var/lib/openhaven/data/caddy/certificates/local" / name);
}

}  // namespace

Result<DesiredState> render_machine(const fs::path& root) {
  const auto catalogue = TRY(load_catalogue(root / kCatalogue));
  const auto configuration = TRY(load_configuration(root));
  const auto facts = TRY(machine_facts(root));
  const auto images = TRY(load_images(root));
  return render({.catalogue = catalogue, .configuration = configuration, .facts = facts, .images = images});
}

Result<void> write_rendered(const DesiredState& state, const fs::path& output) {
  for (const auto& file : state.files) TRY(write_file(output / file.path.substr(1), file.content, file.mode));
  return {};
}

Result<bool> check_dns(const fs::path& root, DnsProbe& probe) {
  const auto configuration = TRY(load_configuration(root));
  if (!configuration || configuration->domain.kind() == DomainKind::kHome) return false;
  const auto catalogue = TRY(load_catalogue(root / kCatalogue));
  const auto token = TRY(token_of(root));
  const auto own = TRY(own_addresses());
  const auto before = TRY(load_ready_names(root));
  auto ready = before;
  const DnsJudgement by{.own = own, .token = token, .private_too = !configuration->acme_ca.empty()};
  DnsState state;
  for (const auto& name : host_names(catalogue, configuration->domain)) {
    state.names.push_back(check_name(probe, name, by));
    if (!state.names.back().ready || !ready.insert(name).second) continue;
    TRY(forget_own_certificate(root, name));
  }
  TRY(write_file(root / fs::path(kDnsFile).relative_path(), to_json(state)));
  if (ready == before) return false;
  TRY(save_ready_names(root, ready));
  return true;
}

}  // namespace stratify::stack
