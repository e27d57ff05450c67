// The update itself: carries the record from state to state by its effects. One object for one turn.
#pragma once

#include <string>

#include "updater/effects.hpp"
#include "updater/record.hpp"
#include "updater/store.hpp"

namespace stratify::updater {

// How often a version is tried again whose switch did not happen.
inline constexpr std::uint32_t kMostAttempts = 3;

class Update {
 public:
  // The caller has the turn.
  [[nodiscard]] static Result<Update> open(const Store& store, const Effects& effects);

  [[nodiscard]] const Record& record() const { return record_; }

  // Reads the list of releases. Finds a version, or says why there is none.
  [[nodiscard]] Result<void> check(bool by_hand);

  // Fetches, verifies, prepares and stages the version that was found. The state it ends in is staged, idle
  // when the version cannot be installed, or the one whose step failed and may be tried again.
  [[nodiscard]] Result<void> advance();

  // Stops the services, takes the snapshots, turns the boot menu and restarts the machine. What a process
  // that died left half done is finished or undone.
  [[nodiscard]] Result<void> switch_over();

  // At every start, before any service: finds out which version started, and goes on from there.
  [[nodiscard]] Result<void> start();

  // Watches the version that started after a switch, and gives the verdict. After a roll-back the old version
  // is watched the same way.
  [[nodiscard]] Result<void> judge();

  // Looks for damage in the versions on this disk, and notes what there is.
  [[nodiscard]] Result<void> inspect();

  // The owner's wishes: stay at the running version until told otherwise; no restart before a time.
  [[nodiscard]] Result<void> pin();
  [[nodiscard]] Result<void> unpin();
  [[nodiscard]] Result<void> defer(Time until);

  // Sends the machine back to the version before, by the owner's wish. restore_data: with its data of before.
  [[nodiscard]] Result<void> send_back(bool restore_data);

 private:
  Update(const Store& store, const Effects& effects, Record record)
      : store_(store), effects_(effects), record_(std::move(record)) {}

  // Takes a row of the table, tells it and saves: from here on a power cut goes on from the new state.
  [[nodiscard]] Result<void> go(Event event, std::string reason);
  void note_moment(const std::string& name) { record_.moments[name] = effects_.clock(); }
  [[nodiscard]] Time now() const { return static_cast<Time>(effects_.clock()); }
  // Removes the bound images that none of these versions needs. What cannot be removed is told and stays in
  // the record: the next time tries again.
  [[nodiscard]] Result<void> tidy_images(const std::vector<std::string>& needed_by);
  [[nodiscard]] bool is_removed(const std::string& image);
  void end_with(const std::string& kind, std::string failed_data = {});

  // forward.cpp
  [[nodiscard]] Result<void> found(const Target& target, const std::string& reason);
  [[nodiscard]] Result<void> next_step();
  [[nodiscard]] Result<void> note_images();
  [[nodiscard]] Result<void> refuse(const Error& error);
  [[nodiscard]] Result<void> withdraw(const std::string& reason);
  void forget_target();

  // switch.cpp
  [[nodiscard]] Result<void> turn_machine();
  [[nodiscard]] Result<void> resume_switch();
  [[nodiscard]] Result<void> undo_switch(const Error& error);
  [[nodiscard]] Result<void> not_switched(const std::string& reason);

  // start.cpp
  [[nodiscard]] Result<void> started_new();
  [[nodiscard]] Result<void> started_old(const BootView& view);
  [[nodiscard]] Result<void> roll_back(const std::string& reason);
  [[nodiscard]] std::string why_gone_back() const;

  // judge.cpp
  [[nodiscard]] Result<void> judge_new();
  [[nodiscard]] Result<void> judge_old();
  void offer_rescue(bool wanted);
  [[nodiscard]] Result<void> confirm();
  [[nodiscard]] Result<void> blame(const Error& error);
  [[nodiscard]] Result<void> condemn(const std::string& reason);
  [[nodiscard]] Result<void> leave();
  [[nodiscard]] Result<void> take_way_back();

  const Store& store_;
  const Effects& effects_;
  Record record_;
};

}  // namespace stratify::updater
