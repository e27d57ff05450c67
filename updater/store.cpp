#include "updater/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace stratify::updater {

namespace fs = std::filesystem;

Result<Turn> Turn::take(const fs::path& folder, std::string_view who) {
  TRY(make_folders(folder));
  const auto path = folder / "turn";
  auto lock = TRY(open_file(path, O_RDWR | O_CREAT, 0644));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error("lock", path);
    return fail(Category::kConflict, "begin", std::string(who),
                "the updater is " + read_file(path, 4096).value_or("busy") +
                    "; wait until it is done, or end it with: haven update --cancel");
  }
  if (::ftruncate(lock.get(), 0) != 0) return errno_error("write", path);
  TRY(write_all(lock.get(), who, path));
  return Turn(std::move(lock));
}

Result<Record> Store::load() const {
  const auto text = read_file(file(), kLongestRecord);
  if (!text && text.error().category() == Category::kNotFound) return Record();
  if (!text && text.error().category() != Category::kInvalidInput) return std::unexpected(text.error());
  const auto record = text ? parse_record(*text) : Result<Record>(std::unexpected(text.error()));
  if (record) return *record;
  const auto aside = folder_ / "record.json.unreadable";
  if (std::rename(file().c_str(), aside.c_str()) != 0) return errno_error("set aside", file());
  Record empty;
  empty.reason = record.error().message() + "; it was set aside as " + aside.string();
  return empty;
}

Result<void> Store::save(const Record& record) const { return writer_(file(), to_json(record), 0644); }

}  // namespace stratify::updater
