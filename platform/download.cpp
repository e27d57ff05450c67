#include "platform/download.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <format>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "platform/file.hpp"
#include "platform/owned.hpp"

namespace stratify {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

using Easy = Owned<CURL, curl_easy_cleanup>;
using Multi = Owned<CURLM, curl_multi_cleanup>;

constexpr unsigned kMismatches = 2;  // a content that is wrong twice is what the server has
constexpr long kNotFoundStatus = 404;
constexpr long kGoneStatus = 410;
constexpr long kRangeStatus = 416;
constexpr long kTooEarlyForClients = 500;  // from here on the server is at fault and may recover

// The one place where libcurl's errors become ours.
Error curl_error(CURLcode code, const std::string& detail, const Download& file) {
  const auto category = code == CURLE_OPERATION_TIMEDOUT         ? Category::kTimeout
                        : code == CURLE_FILE_COULDNT_READ_FILE   ? Category::kNotFound
                        : code == CURLE_PEER_FAILED_VERIFICATION ? Category::kVerification
                                                                 : Category::kUnavailable;
  return {category, "fetch " + file.address, file.name, detail.empty() ? curl_easy_strerror(code) : detail};
}

Error status_error(long status, const Download& file) {
  const bool absent = status == kNotFoundStatus || status == kGoneStatus;
  return {absent ? Category::kNotFound : Category::kUnavailable, "fetch " + file.address, file.name,
          std::format("the server answers {}", status)};
}

// The file that grows: its descriptor, how much it holds and the checksum of that.
class Part {
 public:
  // Opens <path>.part, and takes over what an earlier attempt left in it unless that is more than can be
  // right.
  static Result<Part> open(const Download& file) {
    Part part;
    part.path_ = file.path.string() + ".part";
    if (file.path.has_parent_path()) TRY(make_folders(file.path.parent_path()));
    part.fd_ = TRY(open_file(part.path_, O_RDWR | O_CREAT, 0644));
    if (::flock(part.fd_.get(), LOCK_EX | LOCK_NB) != 0) {
      return fail(Category::kConflict, "write", part.path_, "another process is fetching it; wait for that");
    }
    TRY(part.take_over(file.size));
    return part;
  }

  Result<void> append(std::string_view data) {
    TRY(write_all(fd_.get(), data, path_));
    stream_->update(data);
    size_ += data.size();
    return {};
  }

  Result<void> start_over() {
    stream_.emplace();
    size_ = 0;
    if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0)
      return errno_error("truncate", path_);
    return {};
  }

  [[nodiscard]] bool holds(const Download& file) {
    return size_ == file.size && stream_->finish() == file.sha256;
  }

  // Not synced: whoever uses the file later checks it again, and it can be fetched again.
  Result<void> keep_as(const fs::path& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return errno_error("move into place", path);
    return {};
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  Result<void> take_over(std::uint64_t expected) {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return errno_error("examine", path_);
    TRY(start_reading());
    if (static_cast<std::uint64_t>(status.st_size) > expected) return start_over();
    std::array<char, 65536> buffer{};
    for (;;) {
      const auto count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count < 0) return errno_error("read", path_);
      if (count == 0) return {};
      stream_->update({buffer.data(), static_cast<std::size_t>(count)});
      size_ += static_cast<std::uint64_t>(count);
    }
  }

  Result<void> start_reading() {
    stream_.emplace();
    size_ = 0;
    if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return errno_error("read", path_);
    return {};
  }

  std::string path_;
  Descriptor fd_;
  std::optional<Sha256Stream> stream_;
  std::uint64_t size_ = 0;
};

// One file on its way.
struct Transfer {
  Transfer(const Download& wanted, Result<void>& outcome) : file(wanted), result(outcome) {}

  const Download& file;
  Result<void>& result;
  std::optional<Part> part;
  Easy easy;
  std::array<char, CURL_ERROR_SIZE> detail{};
  unsigned attempts = 0;
  unsigned mismatches = 0;
  Clock::time_point begun;
  Clock::time_point not_before;
  Clock::time_point heard;  // when the attempt began or its last byte came
  bool too_long = false;
  Result<void> written;  // what stopped the writing of the file
};

std::size_t receive(const char* data, std::size_t /*one*/, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.heard = Clock::now();
  transfer.too_long = transfer.part->size() + count > transfer.file.size;
  if (transfer.too_long) return 0;
  transfer.written = transfer.part->append({data, count});
  return transfer.written ? count : 0;
}

class Downloader {
 public:
  Downloader(const std::vector<Download>& files, const DownloadOptions& options)
      : options_(options), multi_(curl_multi_init()), results_(files.size()) {
    for (std::size_t i = 0; i < files.size(); ++i)
      waiting_.push_back(std::make_unique<Transfer>(files[i], results_[i]));
  }

  std::vector<Result<void>> run() {
    while (!waiting_.empty() || !active_.empty()) {
      start_what_may_start();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      collect();
      end_silent_ones();
      report();
      if (!active_.empty() || !waiting_.empty())
        curl_multi_poll(multi_.get(), nullptr, 0, patience(), nullptr);
    }
    return std::move(results_);
  }

 private:
  using Queue = std::list<std::unique_ptr<Transfer>>;

  void start_what_may_start() {
    const auto now = Clock::now();
    for (auto next = waiting_.begin(); next != waiting_.end() && active_.size() < options_.parallel;) {
      const auto here = next++;
      if ((*here)->not_before > now) continue;
      auto transfer = std::move(*here);
      waiting_.erase(here);
      start(std::move(transfer));
    }
  }

  void start(std::unique_ptr<Transfer> transfer) {
    if (!transfer->part) {
      transfer->begun = Clock::now();
      auto part = Part::open(transfer->file);
      if (!part) return settle(*transfer, std::unexpected(part.error()));
      transfer->part = *std::move(part);
    }
    if (transfer->part->size() == transfer->file.size) return examine(std::move(transfer));
    ++transfer->attempts;
    prepare(*transfer);
    curl_multi_add_handle(multi_.get(), transfer->easy.get());
    active_.push_back(std::move(transfer));
  }

  void prepare(Transfer& transfer) {
    if (!transfer.easy) transfer.easy.reset(curl_easy_init());
    auto* easy = transfer.easy.get();
    curl_easy_reset(easy);
    transfer.detail[0] = '\0';
    transfer.too_long = false;
    transfer.written = {};
    transfer.heard = Clock::now();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(transfer.begun +
                                                                            options_.deadline - Clock::now());
    curl_easy_setopt(easy, CURLOPT_URL, transfer.file.address.c_str());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.detail.data());
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "stratify");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 15L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(left.count(), 1)));
    curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.part->size()));
  }

  void collect() {
    int queued = 0;
    while (const auto* message = curl_multi_info_read(multi_.get(), &queued)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;
      const auto* easy = message->easy_handle;
      const auto of_message = [&](const auto& transfer) { return transfer->easy.get() == easy; };
      finish(take(std::ranges::find_if(active_, of_message)), code);
    }
  }

  // libcurl's own limit on speed averages over several seconds; silence is exact.
  void end_silent_ones() {
    const auto oldest = Clock::now() - options_.stall;
    const auto is_silent = [&](const auto& transfer) { return transfer->heard < oldest; };
    for (auto found = std::ranges::find_if(active_, is_silent); found != active_.end();
         found = std::ranges::find_if(active_, is_silent)) {
      auto transfer = take(found);
      constexpr std::string_view kDetail = "nothing came for too long";
      std::ranges::copy(kDetail, transfer->detail.begin());
      transfer->detail[kDetail.size()] = '\0';
      finish(std::move(transfer), CURLE_OPERATION_TIMEDOUT);
    }
  }

  std::unique_ptr<Transfer> take(Queue::iterator active) {
    curl_multi_remove_handle(multi_.get(), (*active)->easy.get());
    auto transfer = std::move(*active);
    active_.erase(active);
    return transfer;
  }

  // One attempt has ended: keep, refuse or try again.
  void finish(std::unique_ptr<Transfer> transfer, CURLcode code) {
    if (!transfer->written) return settle(*transfer, std::unexpected(transfer->written.error()));
    if (code == CURLE_OK || transfer->too_long) return examine(std::move(transfer));
    long status = 0;
    curl_easy_getinfo(transfer->easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_RANGE_ERROR || status == kRangeStatus) {  // it cannot resume: from the beginning
      if (auto over = transfer->part->start_over(); !over) return settle(*transfer, over);
    }
    const auto error = code == CURLE_HTTP_RETURNED_ERROR
                           ? status_error(status, transfer->file)
                           : curl_error(code, transfer->detail.data(), transfer->file);
    const bool hopeless =
        error.category() == Category::kNotFound || error.category() == Category::kVerification ||
        (code == CURLE_HTTP_RETURNED_ERROR && status < kTooEarlyForClients && status != kRangeStatus);
    try_again(std::move(transfer), error, hopeless);
  }

  // All bytes are here.
  void examine(std::unique_ptr<Transfer> transfer) {
    if (!transfer->too_long && transfer->part->holds(transfer->file)) {
      return settle(*transfer, transfer->part->keep_as(transfer->file.path));
    }
    const auto size = transfer->part->size();
    if (auto over = transfer->part->start_over(); !over) return settle(*transfer, over);
    const auto cause = transfer->too_long
                           ? std::format("it is longer than the {} bytes expected", transfer->file.size)
                       : size != transfer->file.size
                           ? std::format("it has {} bytes, expected are {}", size, transfer->file.size)
                           : "its SHA-256 is not " + transfer->file.sha256.hex();
    const Error error(Category::kVerification, "use " + transfer->file.address, transfer->file.name, cause);
    const bool hopeless = ++transfer->mismatches >= kMismatches;
    transfer->too_long = false;
    try_again(std::move(transfer), error, hopeless);
  }

  void try_again(std::unique_ptr<Transfer> transfer, const Error& error, bool hopeless) {
    const auto pause = options_.first_pause * (1U << std::min(transfer->attempts, 10U)) / 2;
    transfer->not_before = Clock::now() + pause;
    const bool late = transfer->not_before >= transfer->begun + options_.deadline;
    if (hopeless || late || transfer->attempts >= options_.attempts)
      return settle(*transfer, std::unexpected(error));
    waiting_.push_back(std::move(transfer));
  }

  void settle(Transfer& transfer, Result<void> result) {
    if (result) settled_ += transfer.file.size;
    transfer.result = std::move(result);
  }

  void report() const {
    if (!options_.on_progress) return;
    auto bytes = settled_;
    for (const auto* queue : {&active_, &waiting_}) {
      for (const auto& transfer : *queue) bytes += transfer->part ? transfer->part->size() : 0;
    }
    options_.on_progress(bytes);
  }

  // Milliseconds until something may have to be started anew.
  [[nodiscard]] int patience() const {
    constexpr std::int64_t kLongest = 1000;
    auto longest = std::clamp<std::int64_t>(options_.stall.count(), 1, kLongest);
    if (active_.size() < options_.parallel) {
      for (const auto& transfer : waiting_) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(transfer->not_before - Clock::now()).count();
        longest = std::clamp<std::int64_t>(left, 0, longest);
      }
    }
    return static_cast<int>(longest);
  }

  const DownloadOptions& options_;
  Multi multi_;
  std::vector<Result<void>> results_;
  Queue waiting_;
  Queue active_;
  std::uint64_t settled_ = 0;
};

}  // namespace

std::vector<Result<void>> download(const std::vector<Download>& files, const DownloadOptions& options) {
  return Downloader(files, options).run();
}

}  // namespace stratify
