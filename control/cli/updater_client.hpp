// haven-updater as a client sees it.
#pragma once

#include <string>

#include "platform/bus.hpp"
#include "updater/record.hpp"

namespace stratify::control {

struct UpdaterView {
  updater::Record record;
  std::string busy;     // what the worker does, empty when it rests
  std::string status;   // what it said last
  std::string failure;  // why the last job failed; empty when it did not
  std::string source;
  std::string channel;
  std::string window;
  bool automatic = true;
};

class UpdaterClient {
 public:
  [[nodiscard]] static Result<UpdaterClient> connect();

  [[nodiscard]] Result<UpdaterView> look();
  // wish: "look", "prepare" or "install". folder: what was published, on a medium; empty: from the source.
  [[nodiscard]] Result<void> update(const std::string& wish, const std::string& folder);
  [[nodiscard]] Result<void> send_back(bool with_data);
  // "Pin", "Unpin" or "Defer".
  [[nodiscard]] Result<void> call(const std::string& method);
  // Until something has changed, or for a second.
  [[nodiscard]] Result<void> wait();

 private:
  explicit UpdaterClient(Bus bus) : bus_(std::move(bus)) {}
  Bus bus_;
};

}  // namespace stratify::control
