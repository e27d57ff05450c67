#include "stack/catalogue.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <set>

#include "platform/file.hpp"
#include "platform/yaml.hpp"

namespace stratify::stack {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLimit = 1U << 20U;  // bytes of one file of the catalogue

bool is_name(std::string_view text) {
  const auto inside = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return text.size() <= 63 && std::ranges::all_of(text, inside) && !text.starts_with('-') &&
         !text.ends_with('-');
}

// Plain enough to stand in a Quadlet value without quotes, and never a way out of a folder.
bool is_plain_path(std::string_view text) {
  return text.size() > 1 && text.starts_with('/') && !text.ends_with('/') && !text.contains("//") &&
         !text.contains("/../") && !text.ends_with("/..") &&
         text.find_first_of(" :,%\"'\\$") == std::string_view::npos;
}

bool is_line(std::string_view text) { return text.find_first_of("\"\\") == std::string_view::npos; }

bool is_probe(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("unix:/")) && is_line(text) && !text.contains(' ');
}

bool is_kernel_capability(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

yaml::Reader<std::string> name() {
  return yaml::text("a name of lower-case letters, digits and hyphens", is_name);
}
yaml::Reader<std::string> path() { return yaml::text("an absolute path of plain characters", is_plain_path); }
yaml::Reader<std::string> line() {
  return yaml::text("one line without double quotes and backslashes", is_line);
}

yaml::Reader<std::string> exactly(const std::string& wanted, const std::string& what) {
  return yaml::text(std::format("\"{}\", the name of its {}", wanted, what),
                    [wanted](std::string_view text) { return text == wanted; });
}

// "30s".
yaml::Reader<std::chrono::seconds> seconds() {
  return [](const yaml::Value& value) -> Result<std::chrono::seconds> {
    constexpr std::uint32_t kMost = 3600;
    const auto text = TRY(yaml::text()(value));
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || std::string_view(read.ptr) != "s" || number == 0 || number > kMost) {
      return value.expected("seconds from \"1s\" to \"3600s\"");
    }
    return std::chrono::seconds(number);
  };
}

yaml::Reader<std::vector<std::string>> environment() {
  return [](const yaml::Value& value) -> Result<std::vector<std::string>> {
    auto variables = TRY(yaml::environment()(value));
    const auto is_wrong = [](const std::string& text) { return !is_line(text) || text.contains('\n'); };
    if (std::ranges::any_of(variables, is_wrong))
      return value.wrong("a value is not one line without quotes");
    return variables;
  };
}

// Templates lie beside the provider's file.
yaml::Reader<std::vector<ConfigurationFile>> templates_in(const fs::path& folder) {
  return [folder](const yaml::Value& value) -> Result<std::vector<ConfigurationFile>> {
    if (!value.node().IsMap()) return value.expected("a map of file names and templates");
    const auto file_name =
        yaml::text("a file's name", [](std::string_view text) { return !text.contains('/'); });
    std::vector<ConfigurationFile> files;
    for (const auto& entry : value.node()) {
      auto to = TRY(file_name(value.at(entry.first)));
      const auto from = folder / TRY(file_name(value.at(entry.second, entry.first)));
      auto text = read_file(from, kLimit);
      if (!text) return value.at(entry.second).wrong(text.error().message());
      files.push_back({.name = std::move(to), .text = *std::move(text), .template_path = from});
    }
    return files;
  };
}

yaml::Reader<Volume> volume() {
  return yaml::map<Volume>({yaml::optional("name", &Volume::name, name()),
                            yaml::required("at", &Volume::at, path()),
                            yaml::optional("folders", &Volume::folders, yaml::unique_list(name()))});
}

yaml::Reader<SecretMount> secret() {
  return yaml::map<SecretMount>(
      {yaml::required("name", &SecretMount::name, name()), yaml::required("at", &SecretMount::at, path())});
}

yaml::Reader<HostMount> host_mount() {
  return yaml::map<HostMount>(
      {yaml::required("from", &HostMount::from, path()), yaml::required("at", &HostMount::at, path())});
}

yaml::Reader<RouteHint> hint() {
  const auto is_url_path = [](std::string_view text) { return text.starts_with('/') && is_line(text); };
  return yaml::map<RouteHint>(
      {yaml::required("label", &RouteHint::label, line()),
       yaml::required("path", &RouteHint::path, yaml::text("a path that begins with /", is_url_path))});
}

yaml::Reader<Route> route() {
  return yaml::map<Route>({yaml::required("subdomain", &Route::subdomain, name()),
                           yaml::required("port", &Route::port, yaml::number(1, 65535)),
                           yaml::required("title", &Route::title, line()),
                           yaml::required("content_policy", &Route::content_policy, line()),
                           yaml::optional("well_known", &Route::well_known, yaml::unique_list(name())),
                           yaml::optional("hints", &Route::hints, yaml::list(hint()))});
}

yaml::Reader<PublishedPort> port() {
  return yaml::map<PublishedPort>(
      {yaml::required("port", &PublishedPort::port, yaml::number(1, 65535)),
       yaml::required("protocol", &PublishedPort::protocol, yaml::one_of({"tcp", "udp"}))});
}

yaml::Reader<Health> health() {
  return yaml::map<Health>(
      {yaml::required("probe", &Health::probe,
                      yaml::text("http://ADDRESS:PORT/PATH or unix:SOCKET:/PATH", is_probe)),
       yaml::optional("interval", &Health::interval, seconds()),
       yaml::optional("start_period", &Health::start_period, seconds())});
}

yaml::Reader<ConfigurationFolder> configuration(const fs::path& folder) {
  return yaml::map<ConfigurationFolder>(
      {yaml::required("at", &ConfigurationFolder::at, path()),
       yaml::required("files", &ConfigurationFolder::files, templates_in(folder))});
}

yaml::Reader<Provider> provider(const fs::path& file) {
  const auto folder = file.parent_path();
  const auto kernel_capability = yaml::text("a capability like NET_BIND_SERVICE", is_kernel_capability);
  return yaml::map<Provider>(
      {yaml::required("capability", &Provider::capability, exactly(folder.filename(), "folder")),
       yaml::required("provider", &Provider::name, exactly(file.stem(), "file")),
       yaml::required("title", &Provider::title, line()), yaml::required("image", &Provider::image, name()),
       yaml::optional("user", &Provider::user, yaml::number(0, 65533)),
       yaml::optional("command", &Provider::command, yaml::list(line())),
       yaml::optional("reload", &Provider::reload, yaml::list(line())),
       yaml::optional("environment", &Provider::environment, environment()),
       yaml::optional("volumes", &Provider::volumes, yaml::list(volume())),
       yaml::optional("configuration", &Provider::configuration, configuration(folder)),
       yaml::optional("secrets", &Provider::secrets, yaml::list(secret())),
       yaml::optional("host", &Provider::host, yaml::list(host_mount())),
       yaml::optional("routes", &Provider::routes, yaml::list(route())),
       yaml::optional("ports", &Provider::ports, yaml::list(port())),
       yaml::required("health", &Provider::health, health()),
       yaml::required("memory", &Provider::memory_mib, yaml::mebibytes()),
       yaml::required("tasks", &Provider::tasks, yaml::number(8, 32768)),
       yaml::optional("capabilities", &Provider::capabilities, yaml::unique_list(kernel_capability)),
       yaml::optional("needs", &Provider::needs, yaml::unique_list(name()))});
}

Result<std::vector<fs::path>> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    if (entry.depth() == 1 && entry->path().extension() == ".yaml") files.push_back(entry->path());
  }
  if (error) return errno_error("read the catalogue in", folder, error.value());
  std::ranges::sort(files);
  return files;
}

// Names that two providers may not share, and capabilities that somebody must offer.
Result<void> check_together(const Catalogue& catalogue) {
  std::set<std::string> offered;
  std::set<std::string> names;
  for (const auto& provider : catalogue.providers) {
    offered.insert(provider.capability);
    if (names.insert(provider.name).second) continue;
    return fail(Category::kInvalidInput, "", "the catalogue",
                std::format("two providers are called \"{}\"", provider.name));
  }
  for (const auto& provider : catalogue.providers) {
    for (const auto& need : provider.needs) {
      if (offered.contains(need)) continue;
      return fail(Category::kInvalidInput, "", std::format("{}/{}.yaml", provider.capability, provider.name),
                  std::format("needs \"{}\", which no provider of the catalogue offers", need));
    }
  }
  return {};
}

}  // namespace

Result<Provider> load_provider(const fs::path& file) {
  return yaml::read(TRY(read_file(file, kLimit)), file, provider(file));
}

Result<Catalogue> load_catalogue(const fs::path& folder) {
  Catalogue catalogue;
  for (const auto& file : TRY(files_of(folder))) catalogue.providers.push_back(TRY(load_provider(file)));
  TRY(check_together(catalogue));
  return catalogue;
}

}  // namespace stratify::stack
