#include "rescue/facts.hpp"

#include <format>

#include "platform/file.hpp"
#include "platform/os_release.hpp"
#include "updater/data_sets.hpp"
#include "updater/store.hpp"

namespace stratify::rescue {

namespace {

std::string story_of(const updater::Record& record) {
  const auto& outcome = record.outcome;
  if (outcome && record.state == updater::State::kStuck) {
    return std::format("{} was tried and taken back, and {} is not healthy either: {}.", outcome->version,
                       outcome->from, outcome->reason);
  }
  return std::format("The update is {}: {}.", updater::to_string(record.state), record.reason);
}

std::string meaning_of(const updater::DataSet& set) {
  return set.failed ? "what " + set.version + " had made of it" : "as it was before " + set.version;
}

Result<updater::Record> read_record(const std::filesystem::path& file) {
  return updater::parse_record(TRY(read_file(file, updater::kLongestRecord)));
}

}  // namespace

Facts read_facts(const std::filesystem::path& root) {
  Facts facts{.version = running_version(root), .story = {}, .archives = {{"data", "as it is now"}}};
  // Not by the updater's store, which sets aside what it cannot read: nothing is written here.
  const auto record = read_record(root / updater::kUpdateFolder / "record.json");
  facts.story = record ? story_of(*record) : "What the updater remembers cannot be read: " + record.error().message();
  const auto sets = updater::DataSets(root).list();
  if (!sets) return facts;
  for (const auto& set : *sets) facts.archives.push_back({"data-sets/" + set.name, meaning_of(set)});
  return facts;
}

}  // namespace stratify::rescue
