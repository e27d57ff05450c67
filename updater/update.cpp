#include "updater/update.hpp"

#include <algorithm>
#include <format>
#include <set>

namespace stratify::updater {

Result<Update> Update::open(const Store& store, const Effects& effects) {
  return Update(store, effects, TRY(store.load()));
}

Result<void> Update::go(Event event, std::string reason) {
  const auto from = record_.state;
  TRY(take(record_, event, now(), std::move(reason)));
  TRY(store_.save(record_));
  effects_.say(std::format("{} -> {}: {}", to_string(from), to_string(record_.state), record_.reason));
  return {};
}

Result<void> Update::inspect() {
  record_.damaged = TRY(effects_.source.inspect());
  record_.inspected = now();
  for (const auto& object : record_.damaged) effects_.say(object + " is damaged");
  if (record_.damaged.empty() || !is_before_the_switch(record_.state)) return store_.save(record_);
  // What lies ready may lack the same.
  return withdraw("files of the system are damaged on this disk; the next look fetches them anew");
}

Result<void> Update::pin() {
  const auto running = TRY(effects_.boot.look()).running;
  record_.pinned = running.deployment.substr(0, running.deployment.find('.'));
  return store_.save(record_);
}

Result<void> Update::unpin() {
  record_.pinned.clear();
  return store_.save(record_);
}

Result<void> Update::defer(Time until) {
  record_.deferred_until = until;
  return store_.save(record_);
}

Result<void> Update::tidy_images(const std::vector<std::string>& needed_by) {
  std::set<std::string> needed;
  for (const auto& version : needed_by)
    if (const auto found = record_.images.find(version); found != record_.images.end())
      needed.insert(found->second.begin(), found->second.end());
  for (auto& [version, names] : record_.images) {
    if (std::ranges::contains(needed_by, version)) continue;
    std::erase_if(names, [&](const auto& name) { return needed.contains(name) || is_removed(name); });
  }
  const auto forgotten =
      std::erase_if(record_.images, [](const auto& entry) { return entry.second.empty(); });
  return forgotten == 0 ? Result<void>() : store_.save(record_);
}

bool Update::is_removed(const std::string& image) {
  const auto removed = effects_.source.remove_image(image);
  if (!removed) effects_.say(removed.error().message() + "; it stays until the next update has ended");
  return removed.has_value();
}

void Update::end_with(const std::string& kind, std::string failed_data) {
  record_.outcome = Outcome{.kind = kind,
                            .version = record_.target ? record_.target->version : std::string(),
                            .from = record_.previous ? record_.previous->version : std::string(),
                            .reason = record_.reason,
                            .failed_data = std::move(failed_data),
                            .when = now()};
}

}  // namespace stratify::updater
