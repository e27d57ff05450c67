#include <poll.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "firstboot/addresses.hpp"
#include "firstboot/claim_bus.hpp"
#include "firstboot/console.hpp"
#include "firstboot/log.hpp"
#include "platform/credential.hpp"
#include "platform/file.hpp"
#include "platform/os_release.hpp"
#include "rescue/address.hpp"
#include "stack/authority.hpp"

namespace {

using namespace stratify;
using namespace stratify::firstboot;

constexpr int kTerminal = STDIN_FILENO;
constexpr std::size_t kLongestNote = 500;

std::optional<stack::Live> live() {
  const auto text = read_file(stack::kLiveFile, 1U << 20U);
  if (!text) return std::nullopt;
  auto parsed = stack::parse_live(*text);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

// The terminal's own line editing (canonical mode) is all the editing there is.
bool read_line(Console& console) {
  std::array<char, 1024> buffer{};
  const auto count = ::read(kTerminal, buffer.data(), buffer.size());
  if (count == 0) return false;  // hung up
  if (count > 0) console.typed({buffer.data(), static_cast<std::size_t>(count)});
  return true;
}

Result<void> serve_console() {
  BusClaim claim(TRY(open_system_bus()));
  TRY(claim.watch_changes());
  const auto addresses = TRY(watch_addresses());
  Console console(claim,
                  {.version = running_version(),
                   .note = credential("openhaven.note", kLongestNote).value_or(""),
                   .rescue = [] { return stack::known_fingerprint(rescue::kFingerprintFile); },
                   .addresses = reachable_addresses,
                   .live = live,
                   .fingerprint = [] { return stack::known_fingerprint(); },
                   .write =
                       [](std::string_view text) {
                         static_cast<void>(write_all(STDOUT_FILENO, text, "the terminal"));  // gone is gone
                       }});
  sd_notify(0, "READY=1");
  for (;;) {
    do console.refresh();
    while (TRY(claim.forget_news()));
    std::array<pollfd, 3> polls{
        {{kTerminal, POLLIN, 0}, {claim.news(), POLLIN, 0}, {addresses.get(), POLLIN, 0}}};
    constexpr int kLookAgain = 30000;  // haven-claim may have been restarted
    if (::poll(polls.data(), polls.size(), kLookAgain) < 0 && errno != EINTR)
      return errno_error("wait for", "news");
    forget_news(addresses);
    if (polls[0].revents != 0 && !read_line(console)) return {};
  }
}

}  // namespace

int main() {
  const auto done = serve_console();
  if (!done) log(LOG_ERR, done.error().message());
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
