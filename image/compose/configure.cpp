#include "image/compose/configure.hpp"

#include <string_view>

#include "image/compose/sandbox.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace {

// Three programs are stood in for while the scripts run, because calling them for each package is slow or in
// vain: the initramfs is a step of its own, presets alone decide which units are enabled
// (finish_operating_system), and byte code is compiled at the end, by all processors.
constexpr std::string_view kStandIns = R"sh(
exec 1>&2
mkdir /run/stand-in
printf '#!/bin/sh\n' | tee /run/stand-in/dracut > /run/stand-in/deb-systemd-helper
printf '#!/bin/sh\necho "$@" >> /run/byte-code\n' > /run/stand-in/py3compile
chmod 755 /run/stand-in/*
)sh";

// dpkg did not unpack the packages, so their preinst scripts have not run yet; all files are in place
// already, so the order of those does not matter.
constexpr std::string_view kConfigure = R"sh(
export PATH="/run/stand-in:$PATH"
cd /var/lib/dpkg/info
for script in *.preinst; do
  [ -e "$script" ] || continue
  name=${script%.preinst}
  DPKG_MAINTSCRIPT_PACKAGE=${name%%:*} DPKG_MAINTSCRIPT_NAME=preinst DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= \
    "./$script" install || { echo "preinst of $name failed"; exit 1; }
done
cd /
dpkg --force-unsafe-io --configure --pending || exit 1
dpkg --audit
)sh";

// What was asked for was "-p PACKAGE" or "-p PACKAGE FOLDER". How files are shared out must not depend on the
// machine: what a process compiled before shows in the byte code.
constexpr std::string_view kByteCode = R"sh(
[ -e /run/byte-code ] || exit 0
while read -r option package folder; do
  echo "${folder:-/usr/lib/python3/dist-packages}"
done < /run/byte-code | sort -u | while read -r folder; do
  find "$folder" -name '*.py'
done | sort | xargs -r -n 100 -P "$(nproc)" python3 -m py_compile
)sh";

}  // namespace

Result<void> configure_packages(const ComposeEnvironment& environment, const Overlay& overlay,
                                const std::string& name) {
  auto command = in_sandbox({.root = overlay.merged(), .source_date = kSourceDate}, {"/bin/sh", "-s"});
  command.input = std::string(kStandIns).append(kConfigure).append(kByteCode);
  command.on_error_line = [&](std::string_view line) {
    if (line.starts_with("Setting up ")) environment.on_packages(1);
  };
  const auto output = TRY(environment.runner.run(command));
  const auto log = environment.work / (name + ".log");
  TRY(write_file(log, output.err));
  if (output.exit_code == 0) return {};
  const auto end = output.err.size() > 600 ? output.err.substr(output.err.size() - 600) : output.err;
  return fail(Category::kCommandFailed, "configure the packages of", name,
              "a maintainer script failed; " + log.string() + " holds all it said, at the end:\n" + end);
}

}  // namespace stratify::image
