#include "image/compose/initramfs.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "image/compose/overlay.hpp"
#include "image/compose/sandbox.hpp"
#include "platform/file.hpp"
#include "platform/owned.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

using ArchiveReader = Owned<archive, archive_read_free>;

// What decides which files dracut takes: any change in these folders makes it run again.
constexpr std::array kSteering = {"/usr/lib/dracut",     "/etc/dracut.conf.d", "/usr/lib/modules",
                                  "/usr/lib/modprobe.d", "/usr/lib/ostree",    "/etc/modprobe.d"};

// Made by dracut from files that are compared themselves.
const std::set<std::string> kGenerated = {"/etc/ld.so.cache", "/etc/machine-id", "/etc/initrd-release"};

Result<std::string> steering_key(const ostree::Repository& repository, const Sha256& os) {
  Sha256Stream key;
  for (const std::string folder : kSteering) {
    if (!TRY(repository.find(os, folder))) continue;
    for (const auto& entry : TRY(repository.list(os, folder)))
      key.field(folder + entry.path).field(entry.checksum.hex());
  }
  return key.finish().hex();
}

// The paths inside an initramfs: cpio archives one after the other, each compressed or not.
Result<std::vector<std::string>> paths_in(const fs::path& file) {
  const ArchiveReader reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_cpio(reader.get());
  if (archive_read_open_filename(reader.get(), file.c_str(), 1U << 20U) != ARCHIVE_OK) {
    return fail(Category::kIo, "read", file, archive_error_string(reader.get()));
  }
  std::vector<std::string> paths;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    const std::string name = archive_entry_pathname(entry);
    if (name != "." && archive_entry_filetype(entry) != AE_IFDIR) paths.push_back("/" + name);
  }
  return paths;
}

// One line for each path: its checksum in the tree, or "-" when the tree has no such file.
Result<std::string> record(const ostree::Repository& repository, const Sha256& os,
                           const std::vector<std::string>& paths) {
  std::string text;
  for (const auto& path : paths) {
    if (kGenerated.contains(path)) continue;
    const auto found = TRY(repository.find(os, path));
    text += path + " " + (found ? found->checksum.hex() : "-") + "\n";
  }
  return text;
}

std::vector<std::string> recorded_paths(const std::string& text) {
  std::vector<std::string> paths;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) paths.push_back(line.substr(0, line.rfind(' ')));
  return paths;
}

Result<void> run_dracut(const ComposeEnvironment& environment, const Sha256& os, const std::string& release,
                        const fs::path& into) {
  const auto folder = TRY(TemporaryFolder::create(environment.work, "initramfs"));
  const auto lower = folder.path() / "lower";
  TRY(environment.repository.checkout(os, lower));
  const auto overlay = TRY(Overlay::mount(lower, folder.path()));
  environment.on_step("making the initramfs for Linux " + release);
  TRY(run_checked(environment.runner, in_sandbox({.root = overlay.merged(), .source_date = kSourceDate},
                                                 {"dracut", "--quiet", "--force", "--no-hostonly",
                                                  "--reproducible", "--kver", release, "/initramfs.img"})));
  std::error_code error;
  fs::copy_file(overlay.merged() / "initramfs.img", into, fs::copy_options::overwrite_existing, error);
  if (error) return errno_error("keep the initramfs at", into, error.value());
  return {};
}

}  // namespace

Result<std::string> kernel_release(const ostree::Repository& repository, const Sha256& os) {
  const auto modules = TRY(ostree::Tree::of_commit(repository, os, "/usr/lib/modules"));
  const auto names = TRY(modules.names("/"));
  if (names.empty()) return fail(Category::kNotFound, "find", "/usr/lib/modules", "the tree has no kernel");
  if (names.size() > 1) {
    return fail(Category::kConflict, "choose a kernel in", "/usr/lib/modules",
                "it holds " + names[0] + " and " + names[1] + "; keep one kernel package in the manifest");
  }
  return names[0];
}

Result<fs::path> make_initramfs(const ComposeEnvironment& environment, const Sha256& os,
                                const fs::path& cache) {
  const auto release = TRY(kernel_release(environment.repository, os));
  const auto folder = cache / TRY(steering_key(environment.repository, os));
  TRY(make_folders(folder));
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".files") continue;
    const auto recorded = TRY(read_file(entry.path()));
    const auto now = TRY(record(environment.repository, os, recorded_paths(recorded)));
    if (recorded == now) return fs::path(entry.path()).replace_extension(".img");
  }
  const auto unfinished = folder / "unfinished";
  TRY(run_dracut(environment, os, release, unfinished));
  const auto files = TRY(record(environment.repository, os, TRY(paths_in(unfinished))));
  const auto image = folder / (Sha256::of(files).hex() + ".img");
  std::error_code error;
  fs::rename(unfinished, image, error);
  if (error) return errno_error("keep the initramfs at", image, error.value());
  // The record is what makes the image valid, so it comes last.
  TRY(write_file(fs::path(image).replace_extension(".files"), files));
  return image;
}

}  // namespace stratify::image
