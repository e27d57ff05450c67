// Boot menu, boot environment and deployments of the running machine.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "platform/boot_environment.hpp"
#include "platform/bus.hpp"
#include "platform/mounts.hpp"
#include "platform/process.hpp"
#include "platform/running_sysroot.hpp"
#include "updater/effects.hpp"

namespace stratify::updater {

class MachineBoot final : public Boot {
 public:
  struct Options {
    std::filesystem::path root = "/";
    std::filesystem::path boot = "/boot";
    std::filesystem::path menu_program = "/usr/sbin/grub-mkconfig";
    // Tells haven-trial-deadline.service that there is a verdict.
    std::filesystem::path proven = "/run/openhaven/update-proven";
    // Makes /boot writable for this process; a test has a folder that is.
    std::function<Result<void>(const std::filesystem::path&)> make_writable = stratify::make_writable;
  };

  // Both have to outlive it.
  MachineBoot(Units& units, ProcessRunner& runner, Options options)
      : units_(units), runner_(runner), options_(std::move(options)) {}

  [[nodiscard]] Result<BootView> look() override;
  [[nodiscard]] Result<std::string> stage(const Target& target) override;
  [[nodiscard]] Result<void> unstage() override;
  [[nodiscard]] Result<void> announce_trial(const std::string& deployment) override;
  [[nodiscard]] Result<void> turn_to(const std::string& deployment) override;
  [[nodiscard]] Result<void> keep() override;
  [[nodiscard]] Result<void> give_up(const std::string& deployment) override;
  [[nodiscard]] Result<void> go_back_for_good(const std::string& gone) override;
  [[nodiscard]] Result<void> forget_trial() override;

 private:
  [[nodiscard]] Result<void> set_trial(const std::string& deployment, const std::string& tries);
  [[nodiscard]] Result<void> write_menu(std::vector<std::string> options);
  // libostree's lock is held from here to the end of the caller.
  [[nodiscard]] Result<ostree::RunningSysroot> sysroot() const {
    return ostree::RunningSysroot::open(options_.root);
  }
  [[nodiscard]] std::filesystem::path environment() const { return options_.boot / "grub2/grubenv"; }

  Units& units_;
  ProcessRunner& runner_;
  Options options_;
};

}  // namespace stratify::updater
