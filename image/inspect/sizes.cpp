#include "image/inspect/sizes.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace stratify::image {

namespace {

// The tree a path belongs to: a service's when it lies in its folder.
const InstalledTree& tree_of(const Content& content, const std::string& path) {
  const auto in = std::ranges::find_if(content.trees, [&](const InstalledTree& tree) {
    return !tree.folder.empty() && path.starts_with(tree.folder + "/");
  });
  return in == content.trees.end() ? content.trees.front() : *in;
}

// The first three folders of a path inside its tree: deep enough to name a thing, few enough to read.
std::string folder_of(const InstalledTree& tree, const std::string& path) {
  const auto inside = path.substr(tree.folder.size());
  const auto end = inside.rfind('/');
  std::size_t at = 0;
  for (int i = 0; i < 3 && at < end; ++i) at = std::min(inside.find('/', at + 1), end);
  return at == 0 ? "/" : inside.substr(0, at);
}

std::string what_of(const InstalledTree& tree, const std::string& path) {
  const auto owner = tree.owners.find(path);
  return owner != tree.owners.end() ? owner->second : folder_of(tree, path);
}

}  // namespace

SizeTable size_table(const Content& content) {
  SizeTable table;
  std::map<std::pair<std::string, std::string>, SizeRow> rows;
  std::set<Sha256> counted;
  const auto count = [&](const ostree::Entry& entry, const InstalledTree& tree) {
    table.all_bytes += entry.size;
    if (!counted.insert(entry.checksum).second) return;
    table.bytes += entry.size;
    auto& row = rows[{tree.name, what_of(tree, entry.path)}];
    row.bytes += entry.size;
    ++row.files;
  };
  for (const bool services : {false, true}) {
    for (const auto& entry : content.entries) {
      if (entry.kind != ostree::Kind::kFile) continue;
      const auto& tree = tree_of(content, entry.path);
      if (tree.folder.empty() != services) count(entry, tree);
    }
  }
  for (auto& [key, row] : rows) {
    row.tree = key.first;
    row.what = key.second;
    table.rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(table.rows, std::ranges::greater(), &SizeRow::bytes);
  return table;
}

std::vector<SizeRow> summarised(const SizeTable& table, std::uint64_t least) {
  std::vector<SizeRow> rows;
  std::map<std::string, std::pair<SizeRow, std::size_t>> smaller;
  for (const auto& row : table.rows) {
    if (row.bytes >= least) {
      rows.push_back(row);
      continue;
    }
    auto& [sum, count] = smaller[row.tree];
    sum.bytes += row.bytes;
    sum.files += row.files;
    ++count;
  }
  for (auto& [tree, rest] : smaller) {
    rest.first.tree = tree;
    rest.first.what = std::to_string(rest.second) + " smaller things";
    rows.push_back(std::move(rest.first));
  }
  return rows;
}

}  // namespace stratify::image
