#include <sys/file.h>

#include <cerrno>
#include <cstdlib>

#include "image/cli/inputs.hpp"
#include "image/cli/verb.hpp"
#include "image/disk/images.hpp"
#include "image/downgrades.hpp"
#include "image/fetch.hpp"
#include "image/lock.hpp"
#include "image/resolve.hpp"
#include "image/unpack.hpp"
#include "image/version.hpp"
#include "platform/file.hpp"

namespace stratify::image::cli {

namespace {

// A mirror that is stuck at an old state, or put there, offers signed packages with known holes: nobody but a
// person takes them.
Result<void> check_not_lower(const Arguments& arguments, const Lock& lock, const Lock& anew) {
  const auto lower = downgrades(lock, anew);
  if (lower.empty()) return {};
  return fail(Category::kVerification, "make anew", arguments.lock(),
              "the mirror has only lower versions than are locked: " + names_of(lower) +
                  "; it is outdated or not honest. Take another one with --mirror; if you mean to go back, "
                  "`stratify lock` does it, and you review what it wrote");
}

// Resolves anew, because packages left the mirror, and says what that changes.
Result<Lock> renew(const Arguments& arguments, const Manifest& manifest, const Mirror& mirror,
                   const Lock& lock) {
  auto anew = TRY(resolve(manifest, mirror, arguments.cache() / "apt", arguments.progress()));
  TRY(check_not_lower(arguments, lock, anew));
  TRY(save_lock(anew, arguments.lock()));
  arguments.progress().note(arguments.lock().string() + " was made anew; commit it. What changed:\n" +
                            to_text(diff_locks(lock, anew)));
  return anew;
}

// Every package of the lock in the cache. The lock that was used, which is another one when the mirror had
// moved on.
Result<Lock> fetch_all(const Arguments& arguments, const Manifest& manifest, Lock lock) {
  const auto mirror = TRY(find_mirror(arguments));
  const FetchOptions options{.cache = arguments.cache(), .download = {}};
  const auto fetched = fetch(lock.packages, mirror, options, arguments.progress());
  if (fetched) return lock;
  if (fetched.error().category() != Category::kNotFound || arguments.flag("locked"))
    return std::unexpected(fetched.error());
  arguments.progress().note(fetched.error().object() + " left the mirror: the packages are resolved anew");
  lock = TRY(renew(arguments, manifest, mirror, lock));
  TRY(fetch(lock.packages, mirror, options, arguments.progress()));
  return lock;
}

Result<Lock> lock_for(const Arguments& arguments, const Manifest& manifest) {
  auto lock = load_lock(arguments.lock());
  if (!lock && lock.error().category() == Category::kNotFound) {
    return fail(Category::kNotFound, "build without a lock", arguments.lock(),
                "there is no such file; `stratify lock` makes it");
  }
  if (lock) TRY(check_answers(*lock, manifest, arguments.lock()));
  return lock;
}

Result<void> unpack(const Arguments& arguments, const Lock& lock) {
  std::vector<PackageFile> files;
  files.reserve(lock.packages.size());
  for (const auto& package : lock.packages)
    files.push_back({package, deb_path(arguments.cache(), package.sha256)});
  auto step = arguments.progress().step("unpack", {.unit = Unit::kBytes});
  TRY(unpack_all(arguments.cache() / "repo", files,
                 {.on_progress = [&](const UnpackProgress& at) { step.reach(at.bytes, at.total_bytes); }}));
  step.done(std::to_string(files.size()) + " packages");
  return {};
}

Result<SigningKey> signing_key(const Arguments& arguments, ProcessRunner& runner) {
  const auto home = arguments.output() / "keys";
  if (const auto file = arguments.text("key")) return SigningKey::from_file(runner, *file, home / "release");
  return SigningKey::development(runner, home / "development");
}

// The revision of the project this is built from; empty outside a git checkout.
std::string source_revision(ProcessRunner& runner) {
  const auto revision =
      run_checked(runner, {.arguments = {"git", "-c", "safe.directory=*", "describe", "--always",
                                         "--abbrev=40", "--dirty", "--exclude=*"}});
  return revision ? revision->substr(0, revision->find('\n')) : std::string();
}

// SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch), else the lock's own date.
std::int64_t source_date(const Lock& lock) {
  const char* given = std::getenv("SOURCE_DATE_EPOCH");
  return given != nullptr && *given != '\0' ? std::atoll(given) : lock.created;
}

// A package is configured once in every tree that holds it.
std::uint64_t to_configure(const Lock& lock) {
  std::uint64_t count = 0;
  for (const auto& package : lock.packages) count += package.images.size();
  return count;
}

Result<Version> compose(const Arguments& arguments, const Manifest& manifest, const Lock& lock,
                        const SigningKey& key) {
  RealProcessRunner runner;
  const auto repository =
      TRY(ostree::Repository::open_or_create(arguments.cache() / "repo", ostree::Sync::kNever));
  auto step = arguments.progress().step("compose", {.total = to_configure(lock)});
  const ComposeEnvironment environment{.repository = repository,
                                       .runner = runner,
                                       .work = arguments.cache() / "work",
                                       .on_step = [&](auto what) { step.doing(what); },
                                       .on_packages = [&](auto more) { step.add(more); }};
  auto version = TRY(make_version(environment, manifest, lock, key,
                                  {.origins = {.project = ".", .build = *arguments.text("programs")},
                                   .cache = arguments.cache(),
                                   .source_date = source_date(lock),
                                   .source = source_revision(runner)}));
  step.done(version.ref + " " + version.commit.hex());
  return version;
}

std::string summary(const Images& images) {
  std::string text;
  for (const auto& file : images.files) {
    text += (text.empty() ? "" : ", ") + file.name + " " + amount(file.stored_bytes, Unit::kBytes);
  }
  return text + (images.cached ? " (unchanged)" : "");
}

Result<Images> make_disks(const Arguments& arguments, const Manifest& manifest, const Version& version) {
  RealProcessRunner runner;
  const auto programs = std::filesystem::path(*arguments.text("programs"));
  auto step = arguments.progress().step("disks");
  auto images =
      TRY(make_images(runner, {.disk = {.repository = arguments.cache() / "repo",
                                        .commit = version.commit,
                                        .ref = version.ref,
                                        .kernel_arguments = manifest.kernel_arguments,
                                        .layout = manifest.disk,
                                        .work = arguments.cache() / "work",
                                        .boot_menu = programs / "usr/sbin/grub-mkconfig",
                                        .on_step = [&](std::string_view what) { step.doing(what); }},
                               .folder = arguments.output(),
                               .name = "openhaven-" + manifest.version + "-" + manifest.architecture,
                               .version = manifest.version,
                               .qcow2 = !arguments.flag("raw-only")}));
  step.done(summary(images));
  return images;
}

// Two builds in one cache would do each other's work twice and replace each other's disks.
Result<Descriptor> take_turn(const Arguments& arguments) {
  const auto cache = arguments.cache();
  TRY(make_folders(cache));
  auto folder = TRY(open_file(cache, O_RDONLY | O_DIRECTORY));
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) return folder;
  arguments.progress().note("another build works in " + cache.string() + ": waiting until it is done");
  while (::flock(folder.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return errno_error("lock", cache);
  }
  return folder;
}

// Each line is one arrow of the pipeline in docs/architecture.md.
Result<void> run_build(const Arguments& arguments) {
  const auto manifest = TRY(load_manifest(arguments.manifest()));
  auto lock = TRY(lock_for(arguments, manifest));
  RealProcessRunner runner;
  const auto turn = TRY(take_turn(arguments));
  const auto key = TRY(signing_key(arguments, runner));
  lock = TRY(fetch_all(arguments, manifest, std::move(lock)));
  TRY(unpack(arguments, lock));
  const auto version = TRY(compose(arguments, manifest, lock, key));
  if (arguments.flag("commit-only")) {
    arguments.result("", {{"ref", version.ref}, {"commit", version.commit.hex()}});
    return {};
  }
  const auto images = TRY(make_disks(arguments, manifest, version));
  arguments.result(
      "", {{"ref", version.ref}, {"commit", version.commit.hex()}, {"manifest", images.manifest.string()}});
  return {};
}

}  // namespace

Verb build_verb() {
  Verb verb{
      .name = "build",
      .summary = "make the images that the lock describes",
      .operands = "",
      .description =
          "Fetches every package of the lock, in parallel and resuming what was interrupted. A file "
          "whose checksum does not "
          "match is never used; a damaged one in the cache is named and fetched anew.\n\n"
          "A build uses exactly the lock. When a locked version has left the mirror it is named, "
          "everything is resolved "
          "anew, the lock is rewritten and the difference printed; but never with a lower version than was "
          "locked: then the mirror is outdated or not honest, the lock stays as it is and the exit "
          "code is 3. With --locked a version that left is an error, with exit code 4.",
      .examples = {{"stratify build", "makes the image of image/core.yaml"},
                   {"stratify build --locked",
                    "as the first, but fails rather than to use another version than locked"},
                   {"stratify build --json", "as the first, telling a program how far it is"}},
      .files = {{"image/core.lock", "the packages that are used"},
                {"out/cache/debs/", "the packages, each named by its SHA-256"}},
      .run = run_build};
  verb.options.add_options()("locked", boost::program_options::bool_switch(),
                             "fail when a locked package has left the mirror, rather than to resolve anew");
  verb.options.add_options()("key", boost::program_options::value<std::string>()->value_name("FILE"),
                             "sign with the secret OpenPGP key in FILE instead of the development key");
  verb.options.add_options()(
      "programs",
      boost::program_options::value<std::string>()->value_name("DIR")->default_value("out/appliance"),
      "the tree of the appliance's programs, where files with the prefix build: come from");
  verb.options.add_options()("commit-only", boost::program_options::bool_switch(), "make no disks");
  verb.options.add_options()("raw-only", boost::program_options::bool_switch(), "leave out the qcow2 image");
  add_mirror_option(verb.options);
  return verb;
}

}  // namespace stratify::image::cli
