// The sets of snapshots, as an update uses them.
#pragma once

#include <functional>

#include "updater/data_sets.hpp"
#include "updater/effects.hpp"

namespace stratify::updater {

class MachineData final : public Data {
 public:
  MachineData(DataSets sets, std::function<double()> clock)
      : sets_(std::move(sets)), clock_(std::move(clock)) {}

  [[nodiscard]] Result<void> take(const std::string& name, const Target& before) override {
    return sets_.take(name, before.version, now());
  }
  [[nodiscard]] Result<void> take_back(const std::string& name, const std::string& aside,
                                       const Target& left_by) override {
    return sets_.take_back(name, aside, left_by.version, now());
  }
  [[nodiscard]] Result<void> discard(const std::string& name) override { return sets_.discard(name); }
  [[nodiscard]] Result<void> tidy(const std::vector<std::string>& needed) override {
    return sets_.tidy(needed, now(), {});
  }

 private:
  [[nodiscard]] std::int64_t now() const { return static_cast<std::int64_t>(clock_()); }

  DataSets sets_;
  std::function<double()> clock_;
};

}  // namespace stratify::updater
