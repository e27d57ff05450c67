#include "image/lock.hpp"

#include <cstdlib>
#include <format>
#include <numeric>

#include "image/cli/inputs.hpp"
#include "image/cli/verb.hpp"
#include "image/downgrades.hpp"
#include "image/resolve.hpp"

namespace stratify::image::cli {

namespace {

std::string summary(const Lock& lock, const Manifest& manifest) {
  const auto bytes = [](const std::vector<LockedPackage>& packages) {
    return std::accumulate(packages.begin(), packages.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& package) { return sum + package.size; });
  };
  auto text = std::format("{:<12}{:>4} packages {:>8}\n", "all images", lock.packages.size(),
                          amount(bytes(lock.packages), Unit::kBytes));
  const auto line = [&](const std::string& image) {
    const auto packages = lock.of_image(image);
    text += std::format("  {:<10}{:>4} packages {:>8}\n", image, packages.size(),
                        amount(bytes(packages), Unit::kBytes));
  };
  line(manifest.os.name);
  for (const auto& service : manifest.services) line(service.tree.name);
  return text;
}

// The lock there is, or an empty one: a missing or unreadable lock is made anew.
Lock old_lock(const std::filesystem::path& path) { return load_lock(path).value_or(Lock{}); }

Result<void> run_lock(const Arguments& arguments) {
  const auto manifest = TRY(load_manifest(arguments.manifest()));
  const auto mirror = TRY(find_mirror(arguments));
  const auto before = old_lock(arguments.lock());
  const auto after = TRY(resolve(manifest, mirror, arguments.cache() / "apt", arguments.progress()));
  const auto difference = diff_locks(before, after);
  const auto lower = downgrades(before, after);
  if (arguments.flag("check")) return check_current(before, after, arguments.lock());
  TRY(save_lock(after, arguments.lock()));
  const auto changes = before.packages.empty() ? std::string() : to_text(difference) + warning_of(lower);
  arguments.result(changes + summary(after, manifest), {{"lock", arguments.lock().string()},
                                                        {"packages", after.packages.size()},
                                                        {"difference", cli::to_json(difference)},
                                                        {"downgrades", cli::to_json(lower)}});
  return {};
}

}  // namespace

Verb lock_verb() {
  Verb verb{
      .name = "lock",
      .summary = "decide exactly which packages the images are made of",
      .operands = "",
      .description =
          "Fetches the indexes of the manifest's suites, checks that each is signed by a key of its keyring, "
          "and resolves "
          "the packages of the OS and of every service, each as a whole of its own: what is asked for, what "
          "maintainer "
          "scripts may count on, and what these depend on. Recommended packages are not taken.\n\n"
          "The result is written to the lock, one line a package with version, suite, checksum and size, and "
          "the "
          "difference from the lock before is printed. Versions that went down are named once more: the "
          "mirror "
          "may be outdated or not honest. Commit the lock: a build uses exactly what it says.",
      .examples = {{"stratify lock", "renews image/core.lock and says what changed"},
                   {"stratify lock --check", "says whether newer packages are there; nothing is written"},
                   {"stratify lock --mirror https://<host>/debian", "as the first, from this mirror"}},
      .files = {{"image/core.yaml, image/services/*.yaml", "the manifest and the recipes of its services"},
                {"image/core.lock", "the lock"},
                {"out/cache/apt/", "the indexes; the machine's own apt state is neither read nor changed"}},
      .run = run_lock};
  verb.options.add_options()("check", boost::program_options::bool_switch(),
                             "write nothing; exit code 3 when the lock is not what it would be made anew");
  add_mirror_option(verb.options);
  return verb;
}

}  // namespace stratify::image::cli
