// The programs of the claim as processes around a private message bus, driven in verbs.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firstboot/claim_bus.hpp"
#include "platform/file.hpp"
#include "tests/support/background.hpp"

namespace stratify::firstboot::tests {

using stratify::tests::Background;

class MachineFixture : public testing::Test {
 protected:
  MachineFixture();

  void boot(const std::string& held_step = "");  // starts haven-claim; its step in that state never ends
  void cut_power() { claim_.reset(); }           // SIGKILL
  void open_pages();

  // Waits, woken by the bus, until the condition holds; false and the last status printed after ten seconds.
  bool until(const std::function<bool(const Status&)>& condition);
  bool until_state(State state) {
    return until([state](const Status& status) { return status.state == state; });
  }
  bool until_file(const std::string& name);

  // One HTTP exchange with the pages; extra are header lines.
  std::string http(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::string& extra = "");

  [[nodiscard]] std::string file(const std::string& name) const;
  std::unique_ptr<BusClaim> connect();

  TemporaryFolder folder_ = TemporaryFolder::create("/tmp").value();
  std::unique_ptr<Background> bus_;
  std::unique_ptr<Background> claim_;
  std::unique_ptr<Background> welcome_;
  std::unique_ptr<BusClaim> api_;
};

}  // namespace stratify::firstboot::tests
