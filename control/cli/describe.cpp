#include "control/cli/describe.hpp"

#include <ctime>
#include <format>

#include "updater/notice.hpp"

namespace stratify::control {

namespace {

using updater::State;

std::string date(updater::Time time) {
  std::tm local{};
  const std::time_t seconds = time;
  ::localtime_r(&seconds, &local);
  return std::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

std::string under_way(const UpdaterView& view) {
  const auto& record = view.record;
  const auto version = record.target ? record.target->version : std::string();
  if (record.state == State::kIdle) return record.reason.empty() ? "nothing" : "nothing; " + record.reason;
  if (record.state == State::kStuck) return "nothing: neither version is healthy";
  return std::format("{}: {} ({})", version, to_string(record.state), record.reason);
}

std::string when_installed(const UpdaterView& view) {
  if (view.source.empty()) return "never: no source is set (updates: {source: ...} in /etc/openhaven/cloud.yaml)";
  if (!view.record.pinned.empty()) return "never: this version is pinned (haven unpin)";
  if (!view.automatic) return "when asked: haven update";
  return "by itself, " + view.window + " local time";
}

std::string last(const updater::Outcome& outcome) {
  return std::format("{}, {}: {} -> {}: {}", date(outcome.when), outcome.kind, outcome.from, outcome.version,
                     outcome.reason);
}

std::string line(std::string_view name, const std::string& value) { return std::format("{:<12} {}\n", name, value); }

}  // namespace

std::string downtime_of(const updater::Record& record) {
  const auto at = [&](const char* name) {
    const auto found = record.moments.find(name);
    return found == record.moments.end() ? 0.0 : found->second;
  };
  const double begun = at("begun");
  const double up = at("up");
  if (begun == 0 || up < begun) return {};
  return std::format("stopping {:.1f} s, snapshots {:.1f} s, boot menu {:.1f} s, restart {:.1f} s, services {:.1f} s: "
                     "{:.1f} s in all",
                     at("stopped") - begun, at("snapshotted") - at("stopped"), at("turned") - at("snapshotted"),
                     at("started") - at("turned"), up - at("started"), up - begun);
}

std::string describe(const UpdaterView& view, const std::string& running,
                     const std::vector<updater::DataSet>& sets) {
  const auto& record = view.record;
  std::string text = line("version", running);
  text += line("under way", under_way(view));
  if (!view.busy.empty()) text += line("now", view.status.empty() ? view.busy : view.status);
  if (!view.failure.empty()) text += line("failed", view.failure);
  text += line("installed", when_installed(view));
  if (record.outcome) text += line("last update", last(*record.outcome));
  for (const auto& remark : updater::remarks_on(record)) text += line("look at", remark);
  if (const auto downtime = downtime_of(record); !downtime.empty()) text += line("downtime", downtime);
  if (record.way_back) text += line("way back", record.way_back->previous.version + " (haven rollback)");
  for (const auto& failed : record.failed) text += line("not again", failed.version + ": " + failed.reason);
  for (const auto& set : sets)
    text += line(set.failed ? "failed data" : "snapshots", set.name + ", " + date(set.when));
  return text;
}

}  // namespace stratify::control
