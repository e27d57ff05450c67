#include "updater/notice.hpp"

#include <format>

#include "rescue/address.hpp"

namespace stratify::updater {

namespace {

constexpr unsigned kFullPercent = 80;

bool went_back(const Outcome& outcome) { return outcome.kind == "rolled back" || outcome.kind == "stuck"; }

std::string story_of(const Outcome& outcome) {
  auto text =
      std::format("OpenHaven went back from {} to {}: {}\n", outcome.version, outcome.from, outcome.reason);
  if (!outcome.failed_data.empty())
    text += "What it had made of your data is kept as " + outcome.failed_data + ". See: haven status\n";
  return text;
}

}  // namespace

std::vector<std::string> remarks_on(const Record& record) {
  std::vector<std::string> remarks;
  if (record.outcome && record.outcome->kind == "confirmed") {
    for (const auto& unit : record.ailing)
      remarks.push_back(
          std::format("{} does not run; it did not before the update either (journalctl -u {})", unit, unit));
  }
  for (const auto& path : record.etc_kept)
    remarks.push_back(path + " stays as you changed it, though the new version brings another one");
  if (!record.damaged.empty())
    remarks.push_back(std::format(
        "{} files of the system are damaged on this disk; the next update brings them anew. The disk "
        "may be failing: have a backup, and see: journalctl -k -p warning",
        record.damaged.size()));
  return remarks;
}

std::string notice_of(const Record& record, unsigned used_percent) {
  std::string text;
  if (record.outcome && went_back(*record.outcome)) text += story_of(*record.outcome);
  for (const auto& remark : remarks_on(record)) text += remark + "\n";
  if (record.state == State::kStuck)
    text += std::format(
        "Neither version is healthy, so nothing more is tried. See: haven status, journalctl -p warning, and "
        "https://THIS-MACHINE:{}/ for your data.\n",
        rescue::kPort);
  if (used_percent >= kFullPercent)
    text += std::format("The disk is {} % full; updates need room. See: haven status\n", used_percent);
  return text;
}

}  // namespace stratify::updater
