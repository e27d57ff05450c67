#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "platform/boot_environment.hpp"
#include "platform/file.hpp"

namespace stratify {

namespace {

int thaw(int folder) { return ::ioctl(folder, FITHAW, 0); }

// A process killed between freezing and thawing would leave /boot frozen, and everybody who writes to it
// waiting for ever. So a child waits for the end of its parent, or of this object, and thaws then: EINVAL,
// when that was done before, hurts nobody. Only what is safe after fork(2) in a process with threads is
// called.
class Thawer {
 public:
  [[nodiscard]] static Result<Thawer> start(int folder, const std::string& name) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      return errno_error("prepare to freeze", name);
    Descriptor ours(ends[0]);
    const Descriptor theirs(ends[1]);
    const auto child = ::fork();
    if (child < 0) return errno_error("prepare to freeze", name);
    if (child == 0) wait_and_thaw(folder, ours.get(), theirs.get());
    return Thawer(child, std::move(ours));
  }
  Thawer(Thawer&& other) noexcept : child_(std::exchange(other.child_, -1)), end_(std::move(other.end_)) {}
  Thawer& operator=(Thawer&&) = delete;
  Thawer(const Thawer&) = delete;
  Thawer& operator=(const Thawer&) = delete;
  ~Thawer() {
    end_.reset();
    while (child_ > 0 && ::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  Thawer(pid_t child, Descriptor end) : child_(child), end_(std::move(end)) {}

  [[noreturn]] static void wait_and_thaw(int folder, int parents_end, int end) {
    ::setsid();
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGTERM, SIG_IGN);
    ::close(parents_end);
    char nothing = 0;
    while (::read(end, &nothing, 1) < 0 && errno == EINTR) {
    }
    thaw(folder);
    ::_exit(0);
  }

  pid_t child_;
  Descriptor end_;
};

// True when it is frozen, false when its kind cannot be.
Result<bool> freeze(int folder, const std::string& name) {
  if (::ioctl(folder, FIFREEZE, 0) == 0) return true;
  // Somebody was killed with it frozen, or is about to thaw it.
  if (errno == EBUSY) {
    thaw(folder);
    if (::ioctl(folder, FIFREEZE, 0) == 0) return true;
  }
  if (errno == EOPNOTSUPP || errno == ENOTTY || errno == ENOSYS) return false;
  return errno_error("checkpoint", name);
}

}  // namespace

Result<void> checkpoint_for_boot_loader(const std::filesystem::path& folder_on_boot) {
  const auto folder = TRY(open_file(folder_on_boot, O_RDONLY | O_DIRECTORY));
  if (::syncfs(folder.get()) != 0) return errno_error("flush", folder_on_boot);
  const auto thawer = TRY(Thawer::start(folder.get(), folder_on_boot));
  if (!TRY(freeze(folder.get(), folder_on_boot))) return {};
  if (thaw(folder.get()) != 0 && errno != EINVAL) return errno_error("thaw", folder_on_boot);
  return {};
}

}  // namespace stratify
