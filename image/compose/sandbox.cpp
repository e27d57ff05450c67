#include "image/compose/sandbox.hpp"

namespace stratify::image {

Command in_sandbox(const Sandbox& sandbox, std::vector<std::string> arguments) {
  std::vector<std::string> line = {"bwrap", "--bind", sandbox.root, "/"};
  line.insert(line.end(), {"--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--tmpfs", "/tmp"});
  line.insert(line.end(),
              {"--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "build"});
  line.insert(line.end(), {"--cap-add", "ALL", "--die-with-parent", "--chdir", "/", "--"});
  line.insert(line.end(), std::make_move_iterator(arguments.begin()),
              std::make_move_iterator(arguments.end()));
  return Command{.arguments = std::move(line),
                 .environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                                 {"HOME", "/root"},
                                 {"LC_ALL", "C.UTF-8"},
                                 {"DEBIAN_FRONTEND", "noninteractive"},
                                 {"DEBCONF_NONINTERACTIVE_SEEN", "true"},
                                 {"SOURCE_DATE_EPOCH", std::to_string(sandbox.source_date)}},
                 .clean_environment = true,
                 .timeout = sandbox.timeout};
}

}  // namespace stratify::image
