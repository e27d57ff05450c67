// The services of the stack, as systemd and podman see them.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "platform/bus.hpp"
#include "platform/podman.hpp"
#include "updater/effects.hpp"

namespace stratify::updater {

class MachineServices final : public Services {
 public:
  struct Options {
    std::filesystem::path root = "/";
    std::chrono::seconds trial{60};
    std::chrono::seconds patience{900};                    // for everything to start
    std::function<void(std::chrono::milliseconds)> pause;  // between two looks
    std::function<void(std::string_view)> say;
  };

  // Both have to outlive it.
  MachineServices(Units& units, ContainerHealth& health, Options options)
      : units_(units), health_(health), options_(std::move(options)) {}

  [[nodiscard]] Result<std::vector<std::string>> ailing() override;
  [[nodiscard]] Result<void> stop() override;
  [[nodiscard]] Result<void> start() override;
  [[nodiscard]] Result<void> come_up(const std::vector<std::string>& excused) override;
  [[nodiscard]] Result<void> stay_up(const std::vector<std::string>& excused) override;
  [[nodiscard]] Result<void> show_rescue(bool wanted) override;
  [[nodiscard]] Result<void> restart_machine() override;

 private:
  // What apply started, but for those excused.
  [[nodiscard]] Result<std::vector<std::string>> required(const std::vector<std::string>& excused) const;
  [[nodiscard]] Result<void> pause();
  [[nodiscard]] Result<void> wait_for_stack();
  [[nodiscard]] Result<void> see_addresses();
  [[nodiscard]] Result<void> see_health(const std::vector<std::string>& units);
  using Starts = std::map<std::string, std::uint64_t>;
  [[nodiscard]] Result<Starts> starts_of(const std::vector<std::string>& units);

  Units& units_;
  ContainerHealth& health_;
  Options options_;
};

}  // namespace stratify::updater
