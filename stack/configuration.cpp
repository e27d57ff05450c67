#include "stack/configuration.hpp"

#include <algorithm>

#include "platform/file.hpp"
#include "platform/yaml.hpp"

namespace stratify::stack {

namespace {

// What the file holds, before its domain is one.
struct Written {
  std::optional<Domain> domain;
  std::string acme_ca;
  std::string acme_ca_root;
  UpdateSettings updates;
};

bool is_https_url(std::string_view text) {
  const auto outside = [](char c) { return c <= ' ' || c > '~' || std::string_view("\"{}\\").contains(c); };
  return text.starts_with("https://") && text.size() > 8 && std::ranges::none_of(text, outside);
}

yaml::Reader<std::optional<Domain>> domain() {
  return [](const yaml::Value& value) -> Result<std::optional<Domain>> {
    auto parsed = Domain::parse(TRY(yaml::text("a domain", [](std::string_view) { return true; })(value)));
    if (!parsed) return value.wrong(parsed.error().message());
    return *std::move(parsed);
  };
}

// RFC 7468. Every line is base64 or a frame, so that nothing else can get into what is rendered.
yaml::Reader<std::string> certificate() {
  return [](const yaml::Value& value) -> Result<std::string> {
    const auto text = value.node().IsScalar() ? value.node().Scalar() : std::string();
    const auto outside = [](unsigned char c) {
      return std::isalnum(c) == 0 && !std::string_view("+/=- \n").contains(static_cast<char>(c));
    };
    const bool framed =
        text.starts_with("-----BEGIN CERTIFICATE-----\n") && text.ends_with("-----END CERTIFICATE-----\n");
    if (framed && std::ranges::none_of(text, outside)) return text;
    return value.wrong("expected a PEM certificate (-----BEGIN CERTIFICATE----- ...)");
  };
}

yaml::Reader<bool> yes_or_no() {
  return [](const yaml::Value& value) -> Result<bool> {
    const auto word = value.node().IsScalar() ? value.node().Scalar() : std::string();
    if (word == "yes" || word == "true") return true;
    if (word == "no" || word == "false") return false;
    return value.expected("yes or no");
  };
}

yaml::Reader<Window> window() {
  return [](const yaml::Value& value) -> Result<Window> {
    auto parsed = parse_window(value.node().IsScalar() ? value.node().Scalar() : std::string());
    if (!parsed) return value.expected("a time of day such as 03:00-05:00");
    return parsed;
  };
}

// Plain HTTP is no less safe here, since every list and every version is signed; it only tells more to
// others.
bool is_update_source(std::string_view text) {
  const auto outside = [](char c) { return c <= ' ' || c > '~' || std::string_view("\"{}\\").contains(c); };
  return (text.starts_with("https://") || text.starts_with("http://")) && std::ranges::none_of(text, outside);
}

yaml::Reader<UpdateSettings> updates() {
  constexpr std::uint64_t kLongestTrial = 3600;
  return yaml::map<UpdateSettings>(
      {yaml::optional("source", &UpdateSettings::source,
                      yaml::text("a URL that begins with https:// or http://", is_update_source)),
       yaml::optional("channel", &UpdateSettings::channel, yaml::one_of({"stable", "next"})),
       yaml::optional("automatic", &UpdateSettings::automatic, yes_or_no()),
       yaml::optional("window", &UpdateSettings::window, window()),
       yaml::optional("trial", &UpdateSettings::trial_seconds, yaml::number(1, kLongestTrial))});
}

}  // namespace

Result<Configuration> parse_configuration(const std::string& text, const std::string& name) {
  static const yaml::Fields<Written> kFields{
      yaml::required("domain", &Written::domain, domain()),
      yaml::optional("acme_ca", &Written::acme_ca,
                     yaml::text("a URL that begins with https://", is_https_url)),
      yaml::optional("acme_ca_root", &Written::acme_ca_root, certificate()),
      yaml::optional("updates", &Written::updates, updates())};
  auto written = TRY(yaml::read(text, name, yaml::map<Written>(kFields)));
  return Configuration{.domain = *std::move(written.domain),
                       .acme_ca = std::move(written.acme_ca),
                       .acme_ca_root = std::move(written.acme_ca_root),
                       .updates = std::move(written.updates)};
}

Result<std::optional<Configuration>> load_configuration(const std::filesystem::path& root) {
  const auto text = read_file(root / kConfigurationFile, 1U << 20U);
  if (!text && text.error().category() == Category::kNotFound) return std::nullopt;
  if (!text) return std::unexpected(text.error());
  return TRY(parse_configuration(*text, std::string("/") + kConfigurationFile));
}

}  // namespace stratify::stack
