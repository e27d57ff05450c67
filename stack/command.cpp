#include "stack/command.hpp"

#include <algorithm>

#include "platform/certificate.hpp"
#include "platform/file.hpp"
#include "platform/sha256.hpp"
#include "stack/authority.hpp"
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

// Names of the cloud, and which of them lead here.
Result<std::vector<VisitedName>> names_to_visit(const fs::path& root, const Domain& domain) {
  const auto catalogue = TRY(load_catalogue(root / kCatalogue));
  const auto ready = TRY(load_ready_names(root));
  std::vector<VisitedName> names;
  for (const auto& name : host_names(catalogue, domain)) {
    names.push_back(
        {.name = name, .leads_here = domain.kind() == DomainKind::kPublic && ready.contains(name)});
  }
  return names;
}

// Empty until the proxy has made it.
Result<std::string> authority_if_made(const fs::path& root) {
  const auto authority = own_authority(root);
  if (!authority && authority.error().category() == Category::kNotFound) return std::string();
  if (!authority) return std::unexpected(authority.error());
  TRY(write_file(root / fs::path(kFingerprintFile).relative_path(), TRY(fingerprint_of(*authority)) + "\n"));
  return *authority;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
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

Result<void> see_health(const fs::path& root, AddressProbe& probe, const Waiting& waiting) {
  const auto configuration = TRY(load_configuration(root));
  if (!configuration) return {};
  const auto names = TRY(names_to_visit(root, configuration->domain));
  std::string told;
  for (;;) {
    const auto left = joined(not_answering(probe, names, TRY(authority_if_made(root))));
    if (left.empty()) return {};
    if (left != told) waiting.say("waiting for " + left);
    told = left;
    if (waiting.pause()) continue;
    return fail(Category::kTimeout, "see answering", left, "see 'journalctl -b -u caddy'");
  }
}

}  // namespace stratify::stack
