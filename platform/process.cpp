#include "platform/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ranges>

#include "platform/file.hpp"

namespace stratify {

namespace {

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return errno_error("create a pipe for", "a program");
  return Pipe{.read = Descriptor(fds[0]), .write = Descriptor(fds[1])};
}

std::vector<std::string> environment_of(const Command& command) {
  std::map<std::string, std::string> merged;
  if (!command.clean_environment) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      const auto equals = text.find('=');
      if (equals != std::string_view::npos) merged.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  for (const auto& [key, value] : command.environment) merged[key] = value;
  std::vector<std::string> result;
  result.reserve(merged.size());
  for (const auto& [key, value] : merged) result.push_back(key + "=" + value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Runs between fork and exec: only async-signal-safe calls (signal-safety(7)).
[[noreturn]] void become(const char* folder, char* const* arguments, char* const* environment, int in,
                         int out, int err, int failure) {
  ::setpgid(0, 0);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (folder == nullptr || ::chdir(folder) == 0) ::execvpe(arguments[0], arguments, environment);
  const int number = errno;
  const auto ignored = ::write(failure, &number, sizeof number);
  static_cast<void>(ignored);  // the parent reads end-of-file instead and reports the exit code
  ::_exit(127);
}

struct Child {
  pid_t pid = -1;
  Descriptor in;
  Descriptor out;
  Descriptor err;
};

Result<Child> start(const Command& command) {
  auto in = TRY(make_pipe());
  auto out = TRY(make_pipe());
  auto err = TRY(make_pipe());
  auto failure = TRY(make_pipe());
  auto arguments = command.arguments;
  auto environment = environment_of(command);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(environment);
  const char* folder = command.folder ? command.folder->c_str() : nullptr;
  const auto pid = ::fork();
  if (pid < 0) return errno_error("start", command.arguments[0]);
  if (pid == 0) {
    become(folder, argv.data(), envp.data(), in.read.get(), out.write.get(), err.write.get(),
           failure.write.get());
  }
  failure.write.reset();
  int number = 0;
  if (::read(failure.read.get(), &number, sizeof number) == sizeof number) {
    ::waitpid(pid, nullptr, 0);
    return fail(Category::kUnavailable, "start", command.arguments[0],
                std::generic_category().message(number));
  }
  return Child{.pid = pid, .in = std::move(in.write), .out = std::move(out.read), .err = std::move(err.read)};
}

// One read from a pipe into text; the descriptor is closed at end-of-file.
void drain(Descriptor& fd, std::string& text) {
  std::array<char, 65536> buffer{};
  const auto count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  if (count == 0 || (count < 0 && errno != EINTR)) fd.reset();
}

void feed(Descriptor& fd, std::string_view& input) {
  const auto count = ::write(fd.get(), input.data(), std::min<std::size_t>(input.size(), 65536));
  if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
  if (input.empty() || (count < 0 && errno != EINTR && errno != EAGAIN)) fd.reset();
}

void report_lines(const Command& command, const std::string& err, std::size_t& reported) {
  if (!command.on_error_line) return;
  for (auto end = err.find('\n', reported); end != std::string::npos; end = err.find('\n', reported)) {
    command.on_error_line(std::string_view(err).substr(reported, end - reported));
    reported = end + 1;
  }
}

// Moves bytes until both outputs are closed. False when the deadline passed first.
bool pump(const Command& command, Child& child, Output& output) {
  const auto deadline = std::chrono::steady_clock::now() + command.timeout;
  std::string_view input = command.input;
  std::size_t reported = 0;
  if (input.empty())
    child.in.reset();
  else
    ::fcntl(child.in.get(), F_SETFL, O_NONBLOCK);
  while (child.out || child.err) {
    std::array<pollfd, 3> polls{{{.fd = child.out.get(), .events = POLLIN, .revents = 0},
                                 {.fd = child.err.get(), .events = POLLIN, .revents = 0},
                                 {.fd = child.in.get(), .events = POLLOUT, .revents = 0}}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(polls.data(), polls.size(), static_cast<int>(std::min<long>(left.count(), 60000))) < 0)
      continue;
    if (polls[0].revents != 0) drain(child.out, output.out);
    if (polls[1].revents != 0) drain(child.err, output.err);
    if (polls[2].revents != 0) feed(child.in, input);
    report_lines(command, output.err, reported);
  }
  return true;
}

int exit_code_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string last_lines(std::string_view text) {
  constexpr std::size_t kMost = 2000;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.size() > kMost) text.remove_prefix(text.size() - kMost);
  return std::string(text);
}

}  // namespace

std::string to_string(const Command& command) {
  std::string text;
  for (const auto& argument : command.arguments) {
    if (!text.empty()) text += ' ';
    const bool plain =
        !argument.empty() && argument.find_first_of(" \t\n'\"\\$`;&|<>()*?#~") == std::string::npos;
    text += plain ? argument : "'" + argument + "'";
  }
  return text;
}

Result<Output> RealProcessRunner::run(const Command& command) {
  ::signal(SIGPIPE,
           SIG_IGN);  // NOLINT(cert-err33-c): a program that closes its input early is its own affair
  auto child = TRY(start(command));
  Output output;
  const bool finished = pump(command, child, output);
  if (!finished) ::kill(-child.pid, SIGKILL);
  output.exit_code = exit_code_of(child.pid);
  if (!finished) {
    return fail(Category::kTimeout, "finish", command.arguments[0],
                "no end after " + std::to_string(command.timeout.count()) + " s; " + last_lines(output.err));
  }
  return output;
}

Result<std::string> run_checked(ProcessRunner& runner, const Command& command) {
  auto output = TRY(runner.run(command));
  if (output.exit_code == 0) return std::move(output.out);
  const auto detail = last_lines(output.err.empty() ? output.out : output.err);
  return fail(Category::kCommandFailed, "run", to_string(command),
              "exit code " + std::to_string(output.exit_code) + (detail.empty() ? "" : ": " + detail));
}

}  // namespace stratify
