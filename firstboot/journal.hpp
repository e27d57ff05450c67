// What the claim remembers across boots.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "firstboot/state.hpp"
#include "platform/file.hpp"
#include "stack/domain.hpp"

namespace stratify::firstboot {

// Through which door the domain came.
enum class Way { kWeb, kConsole, kCredential, kCloudInit };

[[nodiscard]] std::string_view to_string(Way way);

struct Record {
  State state = State::kAccepted;  // accepted or later; earlier states are never stored
  stack::Domain domain;
  Way way = Way::kWeb;
  bool password_shown = false;
  std::string session;  // SHA-256 of the web claimer's token, empty when there is none

  friend bool operator==(const Record&, const Record&) = default;
};

// JSON of a fixed shape. from_json gives kInvalidInput for anything but exactly that shape.
[[nodiscard]] std::string to_json(const Record& record);
[[nodiscard]] Result<Record> from_json(std::string_view json);

// The journal file of the claim, replaced as a whole and durably.
class Journal {
 public:
  using Writer = std::function<Result<void>(const std::filesystem::path&, std::string_view, mode_t)>;

  explicit Journal(std::filesystem::path folder, Writer writer = write_file_durably)
      : folder_(std::move(folder)), writer_(std::move(writer)) {}

  // nullopt when there has never been a claim. Every other reason not to give a record is an Error, so that a
  // store which cannot be read never looks like a new machine.
  [[nodiscard]] Result<std::optional<Record>> load() const;

  [[nodiscard]] Result<void> store(const Record& record) const;

  // Renames an unreadable journal to claim.json.unreadable, for a person to look at.
  [[nodiscard]] Result<void> set_aside() const;

 private:
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "claim.json"; }
  std::filesystem::path folder_;
  Writer writer_;
};

}  // namespace stratify::firstboot
