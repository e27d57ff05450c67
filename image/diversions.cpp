#include "image/diversions.hpp"

#include <ranges>

namespace stratify::image {

Result<std::vector<Diversion>> parse_diversions(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : std::views::split(text, '\n')) lines.emplace_back(std::string_view(line));
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.size() % 3 != 0) {
    return fail(Category::kInvalidInput, "read", "/var/lib/dpkg/diversions",
                std::to_string(lines.size()) + " lines are no records of three");
  }
  std::vector<Diversion> diversions;
  for (std::size_t i = 0; i < lines.size(); i += 3) {
    diversions.push_back(
        {.path = lines[i], .to = lines[i + 1], .by = lines[i + 2] == ":" ? "" : lines[i + 2]});
  }
  return diversions;
}

Result<void> check_diversions(const ostree::Repository& repository, const std::vector<Diversion>& diversions,
                              const std::vector<std::pair<std::string, Sha256>>& packages) {
  if (diversions.empty()) return {};
  for (const auto& [name, commit] : packages) {
    const auto data = TRY(ostree::Tree::of_commit(repository, commit, "/data"));
    for (const auto& diversion : diversions) {
      if (diversion.by == name || !TRY(data.find(diversion.path))) continue;
      return fail(Category::kConflict, "unite packages", diversion.path,
                  name + " ships it and " + (diversion.by.empty() ? "somebody" : diversion.by) +
                      " diverts it to " + diversion.to + "; leave one of them out of the image");
    }
  }
  return {};
}

}  // namespace stratify::image
