#include "platform/attached.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "platform/blocked_signals.hpp"
#include "platform/file.hpp"

namespace stratify {

namespace {

// What asks us to stop is kept from us and handed to the program instead, until this is destroyed: we outlive
// it and can clean up.
class HeldSignals {
 public:
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const sigset_t& before() const { return blocked_.before(); }

 private:
  static sigset_t asking_to_stop() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, number);
    return signals;
  }

  sigset_t held_ = asking_to_stop();
  BlockedSignals blocked_{held_};
  Descriptor fd_{::signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK)};
};

// Between fork and exec: only async-signal-safe calls (signal-safety(7)).
[[noreturn]] void become(char* const* arguments, pid_t parent, const sigset_t& signals, int failure) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  if (::getppid() == parent) ::execvp(arguments[0], arguments);
  const int number = errno;
  const auto ignored = ::write(failure, &number, sizeof number);
  static_cast<void>(ignored);  // the parent then sees exit code 127
  ::_exit(127);
}

// A Ctrl-C has reached the program already; asking it once more does no harm.
void pass_on(const HeldSignals& signals, pid_t pid) {
  signalfd_siginfo info{};
  while (::read(signals.fd(), &info, sizeof info) == sizeof info) ::kill(pid, SIGTERM);
}

int wait_for(pid_t pid, const HeldSignals& signals) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::array<pollfd, 2> polls{{{.fd = process.get(), .events = POLLIN, .revents = 0},
                               {.fd = signals.fd(), .events = POLLIN, .revents = 0}}};
  while (process && polls[0].revents == 0) {
    if (::poll(polls.data(), polls.size(), -1) > 0 && polls[1].revents != 0) pass_on(signals, pid);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Result<int> run_attached(const Command& command) {
  auto words = command.arguments;
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return errno_error("create a pipe for", words[0]);
  const Descriptor read_end(pipe[0]);
  Descriptor write_end(pipe[1]);
  const HeldSignals signals;
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid < 0) return errno_error("start", words[0]);
  if (pid == 0) become(pointers.data(), parent, signals.before(), write_end.get());
  write_end.reset();
  int number = 0;
  const bool started = ::read(read_end.get(), &number, sizeof number) != sizeof number;
  const auto code = wait_for(pid, signals);
  if (started) return code;
  return fail(Category::kUnavailable, "start", words[0], std::generic_category().message(number));
}

}  // namespace stratify
