// A real HTTP server on loopback that misbehaves as it is told.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stratify::tests {

// How one request is answered.
struct Reply {
  unsigned status = 200;
  std::string body;
  bool ranges = true;                      // honours "Range: bytes=N-"
  std::optional<std::size_t> drop_after;   // closes the connection after so many bytes of the body
  std::optional<std::size_t> stall_after;  // sends nothing more after so many bytes, until the client leaves
};

struct SeenRequest {
  std::string target;
  std::string range;  // the header's value, empty without one
};

class HttpServer {
 public:
  HttpServer();
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The replies to requests for target, in turn; the last one stays. Anything else is answered with 404.
  void answer(const std::string& target, std::vector<Reply> replies);

  [[nodiscard]] std::string address(const std::string& target) const;  // "http://127.0.0.1:<port><target>"
  [[nodiscard]] std::vector<SeenRequest> seen() const;
  // Returns when a reply with stall_after has stalled, for the n-th time since the server was made.
  void wait_for_stall(std::size_t n);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stratify::tests
