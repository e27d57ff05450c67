// Who may see what, and what it is made of. Pure but for what it reads.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include "platform/error.hpp"
#include "platform/process.hpp"
#include "platform/tar_writer.hpp"

namespace stratify::rescue {

struct Request {
  std::string method;
  std::string target;
  std::string authorization;  // the field of this name
};

struct Answer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::string file_name;                                 // of a download; empty otherwise
  std::function<Result<void>(const ByteSink&)> content;  // instead of body: a stream of unknown length
};

class Responder {
 public:
  // pause waits after a wrong password, so that guessing takes years.
  Responder(std::filesystem::path root, ProcessRunner& runner, std::function<void()> pause)
      : root_(std::move(root)), runner_(runner), pause_(std::move(pause)) {}

  // May be called from several threads.
  [[nodiscard]] Answer respond(const Request& request);

 private:
  [[nodiscard]] bool is_owner(const std::string& authorization);
  [[nodiscard]] Answer journal();
  [[nodiscard]] Answer archive(const std::string& name) const;

  std::filesystem::path root_;
  ProcessRunner& runner_;
  std::function<void()> pause_;
  std::mutex one_guess_;
};

}  // namespace stratify::rescue
