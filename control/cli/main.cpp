#include <algorithm>
#include <cstdio>
#include <iostream>

#include "control/cli/verbs.hpp"

namespace {

using namespace stratify;           // NOLINT(google-build-using-namespace): a program of one file
using namespace stratify::control;  // NOLINT(google-build-using-namespace)

int help(std::ostream& out, int status) {
  out << "haven - steer this machine\n\n";
  for (const auto& verb : verbs())
    out << "  haven " << verb.name << (verb.synopsis.empty() ? "" : " ") << verb.synopsis << "\n      " << verb.summary
        << "\n";
  out << "\nExit codes: 0 done, 1 failed (the message says what to do), 2 wrong usage.\n";
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const Words words(argv + 1, argv + argc);
  if (words.empty()) return help(std::cerr, 2);
  if (words.front() == "--help" || words.front() == "-h" || words.front() == "help") return help(std::cout, 0);
  const auto verb = std::ranges::find(verbs(), words.front(), &Verb::name);
  if (verb == verbs().end()) {
    std::cerr << "haven: there is no verb '" << words.front() << "'; see: haven --help\n";
    return 2;
  }
  const auto done = verb->run({words.begin() + 1, words.end()});
  if (done) return 0;
  std::cerr << "haven: " << done.error().message() << "\n";
  return done.error().category() == Category::kInvalidInput ? 2 : 1;
}
