#include "firstboot/page.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "firstboot/page_sources.hpp"

namespace stratify::firstboot {

namespace {

// A CSP source for an inline element (CSP level 3, section 2.3.1).
std::string hash_source(std::string_view content) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::array<unsigned char, 4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return "'sha256-" + std::string(reinterpret_cast<const char*>(base64.data())) + "'";
}

// Templates are part of the program: one that does not fill is a bug, found by the tests that render every
// page.
std::string filled(std::string_view name, const stack::TemplateNames& names) {
  auto text = stack::fill(std::string(page_source(name)), names, std::string(name));
  if (!text) throw std::logic_error(text.error().message());
  return *std::move(text);
}

}  // namespace

std::string_view page_source(std::string_view name) {
  const auto* const found =
      std::ranges::find(kPageSources, name, &std::pair<std::string_view, std::string_view>::first);
  if (found == kPageSources.end()) throw std::logic_error("no page is called " + std::string(name));
  return found->second;
}

PageNames& PageNames::text(std::string name, std::string_view value) {
  names_[std::move(name)] = {escape_html(value)};
  return *this;
}

PageNames& PageNames::truth(std::string name, bool value) {
  names_[std::move(name)] = {value};
  return *this;
}

PageNames& PageNames::list(std::string name, std::vector<PageNames> entries) {
  std::vector<stack::TemplateNames> rows;
  rows.reserve(entries.size());
  for (auto& entry : entries) rows.push_back(std::move(entry.names_));
  names_[std::move(name)] = {std::move(rows)};
  return *this;
}

RenderedPage render_page(const PageParts& parts, const PageNames& names) {
  const std::string style(page_source("style.css"));
  const std::string script(parts.script.empty() ? "" : page_source(parts.script));
  const stack::TemplateNames layout{{"title", {escape_html(parts.title)}},
                                    {"style", {style}},
                                    {"script", {script}},
                                    {"has_script", {!script.empty()}},
                                    {"refreshes", {parts.refresh_seconds > 0}},
                                    {"refresh", {std::to_string(parts.refresh_seconds)}},
                                    {"body", {filled(parts.body, names.names())}}};
  return {
      .html = filled("layout.html", layout),
      .content_security_policy = "default-src 'none'; style-src " + hash_source(style) + "; script-src " +
                                 (script.empty() ? "'none'" : hash_source(script)) +
                                 "; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
                                 "frame-ancestors 'none'"};
}

}  // namespace stratify::firstboot
