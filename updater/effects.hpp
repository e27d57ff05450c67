// What an update does to the machine, in five parts. The real ones are in machine_*.hpp; tests have fakes
// that fail, or die, at any call.
//
// Every effect may be repeated: the process may be killed and the power cut within or behind any of them, and
// the next start begins again with the record of before.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "updater/record.hpp"

namespace stratify::updater {

// What came of reading the channel's list.
struct Listed {
  std::string channel;
  std::uint64_t serial = 0;      // of the list
  std::optional<Target> target;  // the version to go to, if there is one
  std::string reason;            // why there is none, or what this one brings; a sentence
};

// Where versions come from.
class Source {
 public:
  virtual ~Source() = default;
  // Reads and checks the list of the channel. by_hand: the roll-out does not hold the owner back.
  [[nodiscard]] virtual Result<Listed> list(const Record& record, bool by_hand) = 0;
  // Brings every object of the version here, going on where the last attempt ended. Looks for room first, for
  // its bound images too.
  [[nodiscard]] virtual Result<void> fetch(const Target& target) = 0;
  // kVerification when the commit is not signed by a trusted key or is not what the list says.
  [[nodiscard]] virtual Result<void> verify(const Target& target) = 0;
  // Whether /etc will merge, and the bound images: each that is missing is pulled. Returns the files of /etc
  // that stay as the owner changed them although the version brings others. kConflict (with each path of
  // /etc), kVerification when an image has another digest, kUnavailable when it cannot be had now.
  [[nodiscard]] virtual Result<std::vector<std::string>> prepare(const Target& target) = 0;
  // Reads every object of the versions on this disk. Removes those that are damaged, so that the next fetch
  // brings them again, and returns their names.
  [[nodiscard]] virtual Result<std::vector<std::string>> inspect() = 0;
  // Bound images, by name, that no version here needs any more. One that is gone already is no error.
  [[nodiscard]] virtual Result<void> remove_image(const std::string& name) = 0;
};

// Which version runs, and which the boot menu offers.
struct BootView {
  Installed running;
  std::vector<std::string> menu;  // deployments in the boot menu, the first is started by itself
  std::string staged;             // deployment that is staged; empty without
};

class Boot {
 public:
  virtual ~Boot() = default;
  [[nodiscard]] virtual Result<BootView> look() = 0;
  // Lays the version out beside the running one, locked. Returns the deployment's name.
  [[nodiscard]] virtual Result<std::string> stage(const Target& target) = 0;
  // Forgets what is staged. None is no error.
  [[nodiscard]] virtual Result<void> unstage() = 0;
  // Tells the boot loader to count three starts of the deployment, if it ever stands first.
  [[nodiscard]] virtual Result<void> announce_trial(const std::string& deployment) = 0;
  // Makes the staged deployment the first of the menu, now. kConflict when it is not there afterwards.
  [[nodiscard]] virtual Result<void> turn_to(const std::string& deployment) = 0;
  // The running version is proven: the menu starts it without counting.
  [[nodiscard]] virtual Result<void> keep() = 0;
  // The next start is of the second version in the menu, and so are all that follow.
  [[nodiscard]] virtual Result<void> give_up(const std::string& deployment) = 0;
  // The running version is the first of the menu again, and the other one gone.
  [[nodiscard]] virtual Result<void> go_back_for_good(const std::string& gone) = 0;
  // Takes an announcement back.
  [[nodiscard]] virtual Result<void> forget_trial() = 0;
};

// The data of all services.
class Data {
 public:
  virtual ~Data() = default;
  // Snapshots of every subvolume under one name. kInvalidInput or kNoSpace when one cannot be taken.
  [[nodiscard]] virtual Result<void> take(const std::string& name, const Target& before) = 0;
  // The data is what it was; what it had become is kept under the name `aside`.
  [[nodiscard]] virtual Result<void> take_back(const std::string& name, const std::string& aside,
                                               const Target& left_by) = 0;
  [[nodiscard]] virtual Result<void> discard(const std::string& name) = 0;
  // Removes what is too old, too many, or needs room that is wanted elsewhere; never `needed`.
  [[nodiscard]] virtual Result<void> tidy(const std::vector<std::string>& needed) = 0;
};

// The services, as a whole.
class Services {
 public:
  virtual ~Services() = default;
  // The units that should run and do not.
  [[nodiscard]] virtual Result<std::vector<std::string>> ailing() = 0;
  // In their order, so that nothing writes data any more.
  [[nodiscard]] virtual Result<void> stop() = 0;
  [[nodiscard]] virtual Result<void> start() = 0;
  // Until every unit runs, but for those excused. kTimeout and kCommandFailed name those that do not.
  [[nodiscard]] virtual Result<void> come_up(const std::vector<std::string>& excused) = 0;
  // Watches them for the whole window. kCommandFailed names the first that stopped, restarted or does not
  // answer.
  [[nodiscard]] virtual Result<void> stay_up(const std::vector<std::string>& excused) = 0;
  // The page by which the owner gets at journal and data when no version is healthy.
  [[nodiscard]] virtual Result<void> show_rescue(bool wanted) = 0;
  // Restarts the machine; returns before it happens.
  [[nodiscard]] virtual Result<void> restart_machine() = 0;
};

struct Effects {
  Source& source;
  Boot& boot;
  Data& data;
  Services& services;
  std::function<double()> clock;              // seconds since the epoch
  std::function<void(std::string_view)> say;  // progress and every transition, to the journal and the bus
};

}  // namespace stratify::updater
