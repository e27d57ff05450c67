#include "platform/document.hpp"

#include <curl/curl.h>

#include <array>
#include <format>

#include "platform/owned.hpp"

namespace stratify {

namespace {

using Easy = Owned<CURL, curl_easy_cleanup>;

struct Reception {
  std::string text;
  std::size_t limit = 0;
  bool too_large = false;
};

std::size_t take_piece(char* data, std::size_t size, std::size_t count, void* into) {
  auto& reception = *static_cast<Reception*>(into);
  reception.too_large = reception.text.size() + size * count > reception.limit;
  if (reception.too_large) return 0;
  reception.text.append(data, size * count);
  return size * count;
}

Category category_of(CURLcode code, long status) {
  constexpr long kAbsent = 404;
  constexpr long kRemoved = 410;
  if (status == kAbsent || status == kRemoved || code == CURLE_FILE_COULDNT_READ_FILE)
    return Category::kNotFound;
  if (code == CURLE_OPERATION_TIMEDOUT) return Category::kTimeout;
  if (code == CURLE_PEER_FAILED_VERIFICATION) return Category::kVerification;
  return Category::kUnavailable;
}

void set_up(CURL* easy, const std::string& address, const DocumentLimits& limits, Reception& reception,
            char* detail) {
  constexpr long kConnectSeconds = 15;
  curl_easy_setopt(easy, CURLOPT_URL, address.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_piece);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reception);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "openhaven");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, static_cast<long>(limits.time.count()));
}

}  // namespace

Result<std::string> fetch_document(const std::string& address, const DocumentLimits& limits) {
  constexpr long kOk = 200;
  const Easy easy(curl_easy_init());
  if (!easy) return fail(Category::kUnavailable, "fetch", address, "libcurl does not start");
  Reception reception{.text = {}, .limit = limits.bytes};
  std::array<char, CURL_ERROR_SIZE> detail{};
  set_up(easy.get(), address, limits, reception, detail.data());
  const auto code = curl_easy_perform(easy.get());
  if (reception.too_large)
    return fail(Category::kInvalidInput, "fetch", address,
                std::format("it is larger than {} bytes", limits.bytes));
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) {
    const std::string words = detail[0] == '\0' ? curl_easy_strerror(code) : detail.data();
    return fail(category_of(code, status), "fetch", address, words);
  }
  if (status == 0 || status == kOk) return std::move(reception.text);  // files have no status
  return fail(category_of(code, status), "fetch", address, std::format("the server answers {}", status));
}

}  // namespace stratify
