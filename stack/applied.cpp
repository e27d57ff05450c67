#include "stack/applied.hpp"

#include <boost/json.hpp>

#include "platform/file.hpp"

namespace stratify::stack {

namespace json = boost::json;

namespace {

constexpr const char* kFile = "run/openhaven/applied.json";

Applied applied_from(const json::value& value) {
  Applied applied;
  for (const auto& file : value.at("files").as_array()) applied.files.emplace(file.as_string());
  for (const auto& [unit, marks] : value.at("units").as_object()) {
    applied.units[unit] = {.definition = std::string(marks.at("definition").as_string()),
                           .configuration = std::string(marks.at("configuration").as_string())};
  }
  return applied;
}

}  // namespace

Result<Applied> load_applied(const std::filesystem::path& root) {
  const auto text = read_file(root / kFile, 16U << 20U);
  if (!text && text.error().category() == Category::kNotFound) return Applied{};
  if (!text) return std::unexpected(text.error());
  try {
    return applied_from(json::parse(*text));
  } catch (const std::exception&) {
    return Applied{};
  }
}

Result<void> save_applied(const std::filesystem::path& root, const Applied& applied) {
  json::array files;
  for (const auto& file : applied.files) files.emplace_back(file);
  json::object units;
  for (const auto& [unit, marks] : applied.units) {
    units[unit] = {{"definition", marks.definition}, {"configuration", marks.configuration}};
  }
  return write_file(root / kFile, json::serialize(json::object{{"files", files}, {"units", units}}) + "\n");
}

}  // namespace stratify::stack
