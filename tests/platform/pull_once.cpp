// pull_once REPOSITORY URL COMMIT KEYRING: a process that pulls, for tests that kill it.
#include <cstdlib>
#include <iostream>
#include <span>

#include "platform/ostree_pull.hpp"

int main(int argc, char** argv) {
  using namespace stratify;
  const std::span words(argv, static_cast<std::size_t>(argc));
  const auto pulled = ostree::pull(
      words[1],
      {.url = words[2], .commit = Sha256::parse(words[3]).value(), .keyrings = {words[4]}, .retries = 0});
  if (pulled) return EXIT_SUCCESS;
  std::cerr << pulled.error().message() << "\n";
  return EXIT_FAILURE;
}
