// Versions from where the owner's settings say, or from a folder such as a USB stick.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/podman.hpp"
#include "platform/running_sysroot.hpp"
#include "release/channel.hpp"
#include "stack/configuration.hpp"
#include "updater/effects.hpp"

namespace stratify::updater {

struct SourceOptions {
  std::filesystem::path root = "/";
  stack::UpdateSettings settings;
  std::optional<std::filesystem::path> folder;  // instead of settings.source: what was published, on a medium
  std::function<double()> clock;                // seconds since the epoch
  std::function<void(std::string_view)> say;    // progress
};

class MachineSource final : public Source {
 public:
  // images has to outlive it.
  MachineSource(ContainerImages& images, SourceOptions options)
      : images_(images), options_(std::move(options)) {}

  [[nodiscard]] Result<Listed> list(const Record& record, bool by_hand) override;
  [[nodiscard]] Result<void> fetch(const Target& target) override;
  [[nodiscard]] Result<void> verify(const Target& target) override;
  [[nodiscard]] Result<std::vector<std::string>> prepare(const Target& target) override;
  [[nodiscard]] Result<std::vector<std::string>> inspect() override;
  [[nodiscard]] Result<void> remove_image(const std::string& name) override;

 private:
  [[nodiscard]] Result<std::string> address() const;
  [[nodiscard]] Result<release::Channel> read_channel() const;
  [[nodiscard]] Result<void> look_for_room(const Target& target);
  [[nodiscard]] Result<void> pull(const Target& target);
  [[nodiscard]] Result<void> take_from_folder(const Target& target);
  [[nodiscard]] Result<void> check_signature(const Target& target) const;
  [[nodiscard]] Result<std::vector<std::string>> check_etc(const Target& target) const;
  [[nodiscard]] std::filesystem::path repository() const { return options_.root / "sysroot/ostree/repo"; }
  [[nodiscard]] std::vector<std::filesystem::path> keyrings() const;

  ContainerImages& images_;
  SourceOptions options_;
};

}  // namespace stratify::updater
