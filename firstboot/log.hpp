// One line to the journal, through standard error as sd-daemon(3) describes.
#pragma once

#include <iostream>
#include <string>
#include <string_view>

namespace stratify::firstboot {

// priority is one of syslog(3)'s. Line breaks become spaces, so that nobody can forge a second entry.
inline void log(int priority, std::string_view line) {
  std::string text(line);
  for (auto& letter : text) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = ' ';
  }
  std::cerr << '<' << priority << '>' + text + '\n' << std::flush;
}

}  // namespace stratify::firstboot
