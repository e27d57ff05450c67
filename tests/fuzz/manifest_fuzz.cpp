// Reads whatever it is given as a manifest; after a line "=== recipe" follows the recipe of each service it
// names.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "image/lock.hpp"
#include "image/manifest.hpp"

namespace {

using namespace stratify;

void expect(bool kept) {
  if (!kept) __builtin_trap();
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// What the types of a manifest do not say but its readers rely on.
void check(const image::TreeRecipe& tree) {
  expect(!tree.name.empty() && !tree.name.contains('/'));
  for (const auto& rule : tree.files) {
    expect(rule.from.is_relative() && rule.to.is_absolute());
    expect(std::ranges::none_of(rule.from, [](const auto& part) { return part == ".."; }));
    expect(std::ranges::none_of(rule.to, [](const auto& part) { return part == ".."; }));
  }
}

void check(const image::Manifest& manifest) {
  check(manifest.os);
  for (const auto& service : manifest.services) {
    check(service.tree);
    expect(!service.command.empty());
  }
  expect(manifest.disk.size_mib > manifest.disk.esp_mib + manifest.disk.boot_mib);
  (void)image::request_of(manifest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kBorder = "\n=== recipe\n";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto border = std::min(input.find(kBorder), input.size());
  const auto recipe = input.substr(std::min(border + kBorder.size(), input.size()));
  const auto manifest = image::parse_manifest(input.substr(0, border), "m.yaml",
                                              [&](const std::string&) -> Result<image::Document> {
                                                return image::Document{std::string(recipe), "r.yaml"};
                                              });
  if (manifest) {
    check(*manifest);
  } else {
    const auto message = manifest.error().message();
    expect(is_printable(message) && (message.starts_with("m.yaml") || message.starts_with("r.yaml")));
  }
  return 0;
}
