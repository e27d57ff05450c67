// Reads whatever it is given as a Debian package.
#include <cstddef>
#include <cstdint>

#include "image/deb.hpp"

namespace {

using namespace stratify;

// Holds the reader to its contract while it throws everything away.
class Sink final : public image::DebSink {
 public:
  Result<void> control_file(std::string_view name, const Attributes&, std::string_view) override {
    return expect(!name.empty() && !name.contains('/'));
  }
  Result<void> folder(std::string_view path, const Attributes&) override { return clean(path); }
  Result<void> symlink(std::string_view path, const Attributes&, std::string_view target) override {
    return expect(!target.empty()).and_then([&] { return clean(path); });
  }
  Result<void> hard_link(std::string_view path, std::string_view target) override {
    return clean(target).and_then([&] { return clean(path); });
  }
  Result<void> begin_file(std::string_view path, const Attributes&, std::uint64_t size) override {
    left_ = size;
    return clean(path);
  }
  Result<void> write(std::string_view data) override {
    left_ -= data.size();
    return {};
  }
  Result<void> end_file() override { return expect(left_ == 0); }

 private:
  static Result<void> expect(bool kept) {
    if (!kept) __builtin_trap();
    return {};
  }
  static Result<void> clean(std::string_view path) {
    return expect(path == "/" || (path.starts_with('/') && !path.ends_with('/') && !path.contains("//") &&
                                  !path.contains("/../") && !path.ends_with("/..")));
  }
  std::uint64_t left_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemorySource source({reinterpret_cast<const char*>(data), size});
  Sink sink;
  (void)image::read_deb(source, sink,
                        {.control_bytes = 1U << 20U, .data_bytes = 16U << 20U, .file_bytes = 8U << 20U});
  return 0;
}
