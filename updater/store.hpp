// Where the record lies, and who may change it: one process at a time, known by name to the others.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "platform/file.hpp"
#include "updater/record.hpp"

namespace stratify::updater {

// Below a machine's root.
inline constexpr const char* kUpdateFolder = "var/lib/openhaven/update";

// The right to change the record, as long as it lives. The kernel takes it back from a process that died.
class Turn {
 public:
  // who ("fetching 0.2.0") is what others are told. kConflict names the one that has it.
  [[nodiscard]] static Result<Turn> take(const std::filesystem::path& folder, std::string_view who);

 private:
  explicit Turn(Descriptor lock) : lock_(std::move(lock)) {}
  Descriptor lock_;
};

class Store {
 public:
  // Replaces a file so that the next start sees the old content or the new; a test cuts the power in it.
  using Writer = std::function<Result<void>(const std::filesystem::path&, std::string_view, mode_t)>;

  explicit Store(std::filesystem::path folder, Writer writer = write_file_durably)
      : folder_(std::move(folder)), writer_(std::move(writer)) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  // An empty record where none was written yet. One that cannot be read is set aside as
  // record.json.unreadable and an empty one returned, which says so: the boot loader's own count of starts
  // still protects a trial.
  [[nodiscard]] Result<Record> load() const;
  [[nodiscard]] Result<void> save(const Record& record) const;

 private:
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "record.json"; }
  std::filesystem::path folder_;
  Writer writer_;
};

}  // namespace stratify::updater
