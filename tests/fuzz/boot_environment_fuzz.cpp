// Reads whatever it is given as GRUB's environment block: as it stands, and cut or filled up to the size and
// begun as a block has to be. What is understood is written as a block that says the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/boot_environment.hpp"

namespace {

using namespace stratify;

void expect(bool kept) {
  if (!kept) __builtin_trap();
}

void check(const std::string& block) {
  auto read = BootEnvironment::parse(block);
  if (!read) return;
  if (const auto written = read->render()) {
    expect(written->size() == block.size());
    expect(BootEnvironment::parse(*written) == read);
  }
  read->set("haven_trial", "x\n\\y");
  if (const auto written = read->render())
    expect(BootEnvironment::parse(*written)->get("haven_trial") == "x\n\\y");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  check(input);
  auto block = "# GRUB Environment Block\n" + input;
  block.resize(1024, '#');
  check(block);
  return 0;
}
