#include "control/cli/verbs.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "control/cli/describe.hpp"
#include "control/cli/updater_client.hpp"
#include "platform/bus.hpp"
#include "platform/os_release.hpp"
#include "updater/data_sets.hpp"

namespace stratify::control {

namespace fs = std::filesystem;

namespace {

using updater::State;

Unexpected misused(const std::string& what) {
  return fail(Category::kInvalidInput, "", what, "haven does not know this; see: haven --help");
}

Result<void> take_none(const Words& words) {
  if (words.empty()) return {};
  return misused(words.front());
}

Result<void> show_status(const Words& words) {
  const bool json = words == Words{"--json"};
  if (!json) TRY(take_none(words));
  auto client = TRY(UpdaterClient::connect());
  const auto view = TRY(client.look());
  if (json)
    std::cout << updater::to_json(view.record);
  else
    std::cout << describe(view, running_version(), updater::DataSets("/").list().value_or(std::vector<updater::DataSet>()));
  return {};
}

// Says what happens until the worker rests.
Result<UpdaterView> follow(UpdaterClient& client) {
  std::string last;
  for (;;) {
    auto view = TRY(client.look());
    const auto words = view.status.empty() ? view.busy : view.status;
    if (!words.empty() && words != last) std::cout << words << std::endl;
    last = words;
    if (view.busy.empty()) return view;
    TRY(client.wait());
  }
}

Result<void> conclude(const UpdaterView& view) {
  const auto& record = view.record;
  if (!view.failure.empty()) return fail(Category::kCommandFailed, "update", "this machine", view.failure);
  if (updater::is_underway(record.state)) {
    std::cout << "The machine restarts into " << record.target->version << ".\n";
    return {};
  }
  if (!updater::is_before_the_switch(record.state)) {
    std::cout << record.reason << "\n";
    return {};
  }
  std::cout << record.target->version << ": " << record.reason << "\n";
  std::cout << "To install it now: haven update\n";
  return {};
}

struct UpdateWords {
  std::string wish = "install";
  std::string folder;
};

Result<UpdateWords> parse_update(const Words& words) {
  UpdateWords parsed;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--check")
      parsed.wish = "look";
    else if (words[i] == "--prepare")
      parsed.wish = "prepare";
    else if (words[i] == "--from" && i + 1 < words.size())
      parsed.folder = fs::absolute(words[++i]);
    else
      return misused("update " + words[i]);
  }
  for (const auto* hidden : {"/tmp/", "/var/tmp/", "/root/", "/var/roothome/", "/home/", "/var/home/"}) {
    if ((parsed.folder + "/").starts_with(hidden))
      return fail(Category::kInvalidInput, "update from", parsed.folder,
                  "the updater does not see /tmp, /root and /home; mount the medium below /mnt");
  }
  if (!parsed.folder.empty() && !fs::is_directory(parsed.folder))
    return fail(Category::kNotFound, "update from", parsed.folder, "there is no such folder; is the medium mounted?");
  return parsed;
}

Result<void> cancel() {
  auto units = TRY(SystemdUnits::connect());
  for (const auto* verb : {"check", "check-by-hand", "advance"})
    TRY(run_job(units, {.verb = UnitVerb::kStop, .unit = std::string("haven-update@") + verb + ".service"},
                std::chrono::seconds(60)));
  std::cout << "Nothing is fetched any more; what is here already is kept for the next time.\n";
  return {};
}

Result<void> update(const Words& words) {
  if (words == Words{"--cancel"}) return cancel();
  auto client = TRY(UpdaterClient::connect());
  if (words == Words{"--later"}) {
    TRY(client.call("Defer"));
    std::cout << "No restart for an update within the next 24 hours.\n";
    return {};
  }
  const auto wanted = TRY(parse_update(words));
  TRY(client.update(wanted.wish, wanted.folder));
  return conclude(TRY(follow(client)));
}

Result<void> roll_back(const Words& words) {
  const bool keep = words == Words{"--keep-data"};
  if (!keep) TRY(take_none(words));
  auto client = TRY(UpdaterClient::connect());
  TRY(client.send_back(!keep));
  const auto view = TRY(follow(client));
  if (!view.failure.empty()) return fail(Category::kCommandFailed, "go back on", "this machine", view.failure);
  std::cout << "The machine restarts into the version before" << (keep ? ", with today's data.\n" : ", with its data.\n");
  return {};
}

Result<void> wish(const Words& words, const char* method, const char* done) {
  TRY(take_none(words));
  auto client = TRY(UpdaterClient::connect());
  TRY(client.call(method));
  TRY(follow(client));
  std::cout << done;
  return {};
}

Result<void> discard(const Words& words) {
  if (words.size() != 1) return misused("discard without one name of a set of data; haven status lists them");
  const updater::DataSets sets("/");
  const auto all = TRY(sets.list());
  const auto found = std::ranges::find(all, words.front(), &updater::DataSet::name);
  if (found == all.end())
    return fail(Category::kNotFound, "discard", words.front(), "there is no such set of data; haven status lists them");
  TRY(sets.discard(found->name));
  std::cout << found->name << " is gone.\n";
  return {};
}

}  // namespace

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs{
      {"status", "[--json]", "which version runs, and what becomes of updates", show_status},
      {"update", "[--check | --prepare] [--from FOLDER] | --later | --cancel",
       "install a new version now; only look; all but the restart; from a medium; not today; stop fetching", update},
      {"rollback", "[--keep-data]", "restart into the version before, with its data, or with today's", roll_back},
      {"pin", "", "stay at this version until unpinned",
       [](const Words& words) { return wish(words, "Pin", "This version stays.\n"); }},
      {"unpin", "", "take new versions again",
       [](const Words& words) { return wish(words, "Unpin", "New versions are taken again.\n"); }},
      {"discard", "NAME", "delete a set of data that was kept", discard},
  };
  return kVerbs;
}

}  // namespace stratify::control
