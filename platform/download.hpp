// Many files over HTTP at once through libcurl: resumed, retried within bounds, and never kept unless the
// checksum fits.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "platform/error.hpp"
#include "platform/sha256.hpp"

namespace stratify {

struct Download {
  std::string name;            // for messages: "caddy 2.11.2"
  std::string address;         // http, https or file
  std::filesystem::path path;  // where it goes; beside it <path>.part holds what has come so far
  Sha256 sha256;
  std::uint64_t size = 0;
};

struct DownloadOptions {
  unsigned parallel = 8;
  unsigned attempts = 5;                       // of each file
  std::chrono::milliseconds first_pause{500};  // before the second attempt; doubled before each further one
  std::chrono::milliseconds stall{30000};      // an attempt ends when this long no byte comes
  std::chrono::seconds deadline{1800};         // for one file with all its attempts
  std::function<void(std::uint64_t)> on_progress;  // bytes here so far, of all files; may be empty
};

// Fetches all files; one result each, in their order. A failure does not stop the others. Categories:
//   kNotFound      the server says that the address does not exist (404, 410)
//   kVerification  the content has another size or checksum, twice
//   kConflict      another process is fetching the same file
//   kTimeout       the deadline passed, or nothing came for too long on the last attempt
//   kNoSpace, kIo  the file could not be written
//   kUnavailable   everything else the network can do
[[nodiscard]] std::vector<Result<void>> download(const std::vector<Download>& files,
                                                 const DownloadOptions& options);

}  // namespace stratify
