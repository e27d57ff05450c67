#include "updater/verbs.hpp"

#include <algorithm>
#include <chrono>

namespace stratify::updater {

namespace {

Time in_a_day() {
  const auto then = std::chrono::system_clock::now() + std::chrono::days(1);
  return std::chrono::duration_cast<std::chrono::seconds>(then.time_since_epoch()).count();
}

}  // namespace

const std::vector<UpdateVerb>& update_verbs() {
  static const std::vector<UpdateVerb> kVerbs{
      {"start", "finding out which version has started", [](Update& update) { return update.start(); }},
      {"check", "looking for a new version", [](Update& update) { return update.check(false); }},
      {"check-by-hand", "looking for a new version", [](Update& update) { return update.check(true); }},
      {"advance", "preparing a new version", [](Update& update) { return update.advance(); }},
      {"switch", "switching to a new version", [](Update& update) { return update.switch_over(); }},
      {"judge", "watching a version that has started", [](Update& update) { return update.judge(); }},
      {"send-back", "going back to the version before",
       [](Update& update) { return update.send_back(true); }},
      {"send-back-keeping-data", "going back to the version before, with today's data",
       [](Update& update) { return update.send_back(false); }},
      {"inspect", "reading every file of the system", [](Update& update) { return update.inspect(); }},
      {"pin", "noting that this version is to stay", [](Update& update) { return update.pin(); }},
      {"unpin", "noting that versions may change", [](Update& update) { return update.unpin(); }},
      {"defer", "noting that no restart is wanted today",
       [](Update& update) { return update.defer(in_a_day()); }},
  };
  return kVerbs;
}

const UpdateVerb* find_verb(std::string_view name) {
  const auto& all = update_verbs();
  const auto found = std::ranges::find(all, name, &UpdateVerb::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace stratify::updater
