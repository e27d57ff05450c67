#include "firstboot/qr.hpp"

#include <qrencode.h>

#include "platform/owned.hpp"

namespace stratify::firstboot {

namespace {

constexpr int kMargin = 2;  // half of what the standard asks for: scanners cope, 80 columns are few

using Code = Owned<QRcode, QRcode_free>;

bool is_light(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return true;
  return (code.data[y * code.width + x] & 1U) == 0;
}

// Light modules are drawn, dark ones are the terminal's ground.
const char* block(bool upper_light, bool lower_light) {
  if (upper_light && lower_light) return "█";
  if (upper_light) return "▀";
  return lower_light ? "▄" : " ";
}

}  // namespace

Result<std::vector<std::string>> qr_lines(std::string_view text) {
  const Code code(QRcode_encodeString(std::string(text).c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1));
  if (!code) return fail(Category::kInvalidInput, "draw as a QR code", std::string(text), "it is too long");
  std::vector<std::string> lines;
  for (int y = -kMargin; y < code->width + kMargin; y += 2) {
    std::string line;
    for (int x = -kMargin; x < code->width + kMargin; ++x)
      line += block(is_light(*code, x, y), is_light(*code, x, y + 1));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace stratify::firstboot
