#include "image/compose/ids.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <ranges>
#include <set>
#include <vector>

namespace stratify::image {

namespace {

using Numbers = std::map<std::string, std::uint32_t>;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (const auto part : std::views::split(text, separator)) parts.emplace_back(part.begin(), part.end());
  return parts;
}

std::uint32_t number(const std::string& text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_chosen_by_scripts(std::uint32_t id) { return id >= 100 && id <= 999; }

std::uint32_t first_free(const Numbers& fixed) {
  std::set<std::uint32_t> taken;
  for (const auto& [name, id] : fixed) taken.insert(id);
  std::uint32_t id = 999;
  while (taken.contains(id)) --id;
  return id;
}

// The names and numbers of a passwd or group file map to fixed ones; both have the number in the third field.
Result<std::map<std::uint32_t, std::uint32_t>> plan_for(std::string_view kind, Numbers fixed,
                                                        std::string_view text) {
  std::map<std::uint32_t, std::uint32_t> changes;
  std::string missing;
  for (const auto& line : split(text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || !is_chosen_by_scripts(number(fields[2]))) continue;
    if (kind == "group" && fields[0] == "users") continue;  // base-passwd's own, and the same everywhere
    if (const auto free = first_free(fixed); fixed.try_emplace(fields[0], free).second) {
      missing += std::format("\n      {}: {}", fields[0], free);
    }
    changes[number(fields[2])] = fixed.at(fields[0]);
  }
  if (missing.empty()) return changes;
  return fail(Category::kInvalidInput, "number", std::format("{}s that packages made", kind),
              std::format("the recipe has no fixed number for some. Add\n  ids:\n    {}s:{}", kind, missing));
}

std::uint32_t changed(const std::map<std::uint32_t, std::uint32_t>& changes, std::uint32_t id) {
  const auto found = changes.find(id);
  return found == changes.end() ? id : found->second;
}

template <class Change>
std::string with_each_line(std::string_view text, const Change& change) {
  std::string result;
  for (const auto& line : split(text, '\n')) {
    auto fields = split(line, ':');
    if (fields.size() > 3) change(fields);
    if (line.empty()) continue;
    for (std::size_t i = 0; i < fields.size(); ++i) result += (i == 0 ? "" : ":") + fields[i];
    result += '\n';
  }
  return result;
}

}  // namespace

Result<Renumbering> Renumbering::plan(const FixedIds& fixed, std::string_view passwd,
                                      std::string_view group) {
  Renumbering renumbering;
  renumbering.uids_ = TRY(plan_for("user", fixed.users, passwd));
  renumbering.gids_ = TRY(plan_for("group", fixed.groups, group));
  return renumbering;
}

std::uint32_t Renumbering::uid(std::uint32_t chosen) const { return changed(uids_, chosen); }
std::uint32_t Renumbering::gid(std::uint32_t chosen) const { return changed(gids_, chosen); }

std::string Renumbering::passwd(std::string_view text) const {
  return with_each_line(text, [this](std::vector<std::string>& fields) {
    fields[2] = std::to_string(uid(number(fields[2])));
    fields[3] = std::to_string(gid(number(fields[3])));
  });
}

std::string Renumbering::group(std::string_view text) const {
  return with_each_line(
      text, [this](std::vector<std::string>& fields) { fields[2] = std::to_string(gid(number(fields[2]))); });
}

}  // namespace stratify::image
