#include "image/manifest.hpp"

#include <algorithm>
#include <cctype>

#include "platform/file.hpp"
#include "platform/yaml.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kManifestLimit = 1U << 20U;  // bytes of a manifest; a real one has a few thousand
constexpr std::string_view kBuildPrefix = "build:";

bool is_name_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool consists_of(std::string_view text, std::string_view also) {
  return is_name_letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_name_letter(c) || also.contains(c); });
}

// deb-src-control(5): at least two of a-z 0-9 + - . , the first a letter or digit.
yaml::Reader<std::string> package_name() {
  return yaml::text("the name of a package (a-z, 0-9, +, -, .)",
                    [](std::string_view text) { return text.size() >= 2 && consists_of(text, "+-."); });
}

yaml::Reader<std::string> short_name() {
  return yaml::text("a name (a-z, 0-9, -)", [](std::string_view text) { return consists_of(text, "-"); });
}

yaml::Reader<std::string> word() {
  return yaml::text("a single word", [](std::string_view text) { return !text.contains(' '); });
}

// semver.org, which sorts the way people expect.
bool is_version(std::string_view text) {
  const auto digit_or_dot = [](char c) { return c == '.' || (c >= '0' && c <= '9'); };
  const auto core = text.substr(0, text.find('-'));
  return std::ranges::count(core, '.') == 2 && std::ranges::all_of(core, digit_or_dot) &&
         !core.contains("..") && !core.starts_with('.') && !core.ends_with('.') &&
         (core.size() == text.size() || consists_of(text, ".-")) && !text.ends_with('-');
}

yaml::Reader<std::string> glob() {
  return yaml::text("a glob that begins with \"/\", or with \"!/\" for what is kept all the same",
                    [](std::string_view text) { return text.starts_with('/') || text.starts_with("!/"); });
}

bool is_relative_inside(const fs::path& path) {
  return path.is_relative() && std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

// A path of the project, or with the prefix "build:" of the installed programs; the rule's origin says which.
Result<void> read_origin(FileRule& rule, const yaml::Value& value) {
  auto text = TRY(yaml::text()(value));
  if (text.starts_with(kBuildPrefix)) {
    rule.origin = FileOrigin::kBuild;
    text.erase(0, kBuildPrefix.size());
  }
  rule.from = text;
  if (is_relative_inside(rule.from)) return {};
  return value.expected("a path below the project, or \"build:\" and a path below the installed programs");
}

yaml::Reader<FileRule> file_rule() {
  return yaml::map<FileRule>({
      {"from", true, read_origin},
      yaml::required("to", &FileRule::to, yaml::absolute_path()),
  });
}

yaml::Reader<Suite> suite() {
  return yaml::map<Suite>(
      {
          yaml::required("name", &Suite::name, word()),
          yaml::required("archive", &Suite::archive, yaml::one_of({"debian", "debian-security"})),
          yaml::optional("components", &Suite::components, yaml::unique_list(word())),
          yaml::required("keyring", &Suite::keyring, yaml::absolute_path()),
          yaml::optional("only", &Suite::only, yaml::unique_list(package_name())),
      },
      {.components = {"main"}});
}

// A map of names to numbers that scripts may choose (Debian policy 9.2.2).
Result<std::map<std::string, std::uint32_t>> read_numbers(const yaml::Value& value) {
  std::map<std::string, std::uint32_t> numbers;
  std::set<std::uint32_t> taken;
  if (!value.node().IsMap()) return value.expected("a map of names and numbers");
  for (const auto& entry : value.node()) {
    const auto id = static_cast<std::uint32_t>(TRY(yaml::number(100, 999)(value.at(entry.second))));
    if (!taken.insert(id).second) return value.at(entry.second).wrong("this number is given twice");
    if (!entry.first.IsScalar()) return value.at(entry.first).expected("a name");
    if (!numbers.emplace(entry.first.Scalar(), id).second) {
      return value.at(entry.first).wrong("this name is given twice");
    }
  }
  return numbers;
}

yaml::Reader<FixedIds> fixed_ids() {
  const yaml::Reader<std::map<std::string, std::uint32_t>> numbers(read_numbers);
  return yaml::map<FixedIds>({yaml::optional("users", &FixedIds::users, numbers),
                              yaml::optional("groups", &FixedIds::groups, numbers)});
}

yaml::Fields<TreeRecipe> tree_fields() {
  return {
      yaml::required("packages", &TreeRecipe::packages, yaml::unique_list(package_name())),
      yaml::optional("remove", &TreeRecipe::remove, yaml::unique_list(package_name())),
      yaml::optional("exclude", &TreeRecipe::exclude, yaml::unique_list(glob())),
      yaml::optional("files", &TreeRecipe::files, yaml::list(file_rule())),
      yaml::optional("ids", &TreeRecipe::ids, fixed_ids()),
  };
}

// A name that must equal the one the manifest gave, so that a copied recipe is noticed.
yaml::Reader<std::string> exactly(const std::string& name) {
  return yaml::text("the name of this file, \"" + name + "\"",
                    [name](std::string_view text) { return text == name; });
}

// A command that is not empty.
Result<std::vector<std::string>> read_command(const yaml::Value& value) {
  auto command = TRY(yaml::list(yaml::text())(value));
  if (command.empty()) return value.wrong("expected a program and its arguments, found an empty list");
  return command;
}

yaml::Reader<ServiceRecipe> service(const std::string& name) {
  auto tree = tree_fields();
  tree.push_back(yaml::required("name", &TreeRecipe::name, exactly(name)));
  auto fields = yaml::within(&ServiceRecipe::tree, tree);
  fields.push_back(yaml::required("command", &ServiceRecipe::command,
                                  yaml::Reader<std::vector<std::string>>(read_command)));
  fields.push_back(yaml::optional("user", &ServiceRecipe::user, word()));
  fields.push_back(yaml::optional("environment", &ServiceRecipe::environment, yaml::environment()));
  fields.push_back(yaml::optional("working_folder", &ServiceRecipe::working_folder, word()));
  return yaml::map<ServiceRecipe>(fields, {.user = "0:0", .working_folder = "/"});
}

yaml::Reader<DiskLayout> disk() {
  return yaml::map<DiskLayout>({
      yaml::required("size", &DiskLayout::size_mib, yaml::mebibytes()),
      yaml::required("esp", &DiskLayout::esp_mib, yaml::mebibytes()),
      yaml::required("boot", &DiskLayout::boot_mib, yaml::mebibytes()),
      yaml::optional("virtual", &DiskLayout::virtual_mib, yaml::mebibytes()),
  });
}

// The manifest as written: services are still names, with the place of their list for messages.
struct Draft {
  Manifest manifest;
  std::vector<std::string> services;
  std::string services_at;
};

Result<void> read_services(Draft& draft, const yaml::Value& value) {
  draft.services = TRY(yaml::unique_list(short_name())(value));
  draft.services_at = value.position();
  return {};
}

Result<void> check_disk(DiskLayout layout, const yaml::Value& value) {
  if (layout.size_mib <= layout.esp_mib + layout.boot_mib) {
    return value.wrong("the disk's size leaves no room for the root beside esp and boot");
  }
  if (layout.virtual_mib != 0 && layout.virtual_mib < layout.size_mib) {
    return value.wrong("the disk's virtual size is less than its size");
  }
  return {};
}

yaml::Reader<Draft> draft() {
  auto fields = yaml::within<Draft>(
      &Draft::manifest,
      {
          yaml::required("name", &Manifest::name, short_name()),
          yaml::required("version", &Manifest::version, yaml::text("a version such as 1.2.3", is_version)),
          yaml::required("architecture", &Manifest::architecture, yaml::one_of({"amd64", "arm64"})),
          yaml::required("suites", &Manifest::suites, yaml::list(suite())),
          yaml::required("os", &Manifest::os, yaml::map<TreeRecipe>(tree_fields(), {.name = "os"})),
          yaml::optional("kernel_arguments", &Manifest::kernel_arguments, yaml::list(word())),
          {"disk", true,
           [](Manifest& manifest, const yaml::Value& value) -> Result<void> {
             manifest.disk = TRY(disk()(value));
             return check_disk(manifest.disk, value);
           }},
      });
  fields.push_back({"services", false, read_services});
  return yaml::map<Draft>(fields);
}

Unexpected no_recipe(const std::string& name, const fs::path& wanted) {
  std::vector<std::string> known;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(wanted.parent_path(), error)) {
    if (file.path().extension() == ".yaml") known.push_back(file.path().stem());
  }
  const auto meant = yaml::nearest(name, known);
  return fail(Category::kInvalidInput, "", "service \"" + name + "\"",
              "there is no recipe " + wanted.string() +
                  (meant.empty() ? "; recipes lie in services/ beside the manifest"
                                 : "; did you mean \"" + meant + "\"?"));
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& file_name,
                                const RecipeSource& recipe) {
  auto result = TRY(yaml::read(text, file_name, draft()));
  for (const auto& name : result.services) {
    const auto document = recipe(name);
    if (!document) return std::unexpected(document.error().in(result.services_at));
    result.manifest.services.push_back(TRY(yaml::read(document->text, document->file_name, service(name))));
  }
  return std::move(result.manifest);
}

Result<Manifest> load_manifest(const fs::path& path) {
  const auto text = TRY(read_file(path, kManifestLimit));
  return parse_manifest(text, path, [&](const std::string& name) -> Result<Document> {
    const auto file = path.parent_path() / "services" / (name + ".yaml");
    if (!fs::exists(file)) return no_recipe(name, file);
    return Document{TRY(read_file(file, kManifestLimit)), file};
  });
}

}  // namespace stratify::image
