#include "image/fetch.hpp"

#include <algorithm>
#include <atomic>
#include <format>
#include <functional>
#include <ranges>
#include <thread>

#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

enum class Presence : std::uint8_t { kAbsent, kGood, kWrong };

std::string name_of(const LockedPackage& package) { return package.name + " " + package.version; }

std::uint64_t bytes_of(const std::vector<LockedPackage>& packages) {
  return std::ranges::fold_left(packages | std::views::transform(&LockedPackage::size), std::uint64_t{0},
                                std::plus{});
}

Presence presence_of(const LockedPackage& package, const fs::path& cache) {
  const auto path = deb_path(cache, package.sha256);
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return Presence::kAbsent;
  const auto checksum =
      size == package.size ? Sha256::of_file(path) : fail(Category::kVerification, "", "", "");
  return checksum && *checksum == package.sha256 ? Presence::kGood : Presence::kWrong;
}

// Reads every cached package, on all processors.
std::vector<Presence> examine(const std::vector<LockedPackage>& packages, const fs::path& cache, Step& step) {
  std::vector<Presence> result(packages.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < packages.size(); i = next++) {
      result[i] = presence_of(packages[i], cache);
      if (result[i] == Presence::kGood) step.add(packages[i].size);
    }
  };
  std::vector<std::jthread> threads;
  const auto count = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
  threads.reserve(count);
  for (unsigned i = 0; i < count; ++i) threads.emplace_back(work);
  threads.clear();  // joins
  return result;
}

Download to_download(const LockedPackage& package, const Mirror& mirror, const fs::path& cache) {
  return {.name = name_of(package),
          .address = mirror.address_of(package),
          .path = deb_path(cache, package.sha256),
          .sha256 = package.sha256,
          .size = package.size};
}

// One error for what all downloads gave.
Result<void> sum_up(const std::vector<Result<void>>& results, const std::vector<LockedPackage>& packages) {
  std::string missing;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) continue;
    if (results[i].error().category() != Category::kNotFound) return results[i];
    missing += (missing.empty() ? "" : ", ") + name_of(packages[i]);
  }
  if (missing.empty()) return {};
  return fail(Category::kNotFound, "fetch what is locked", missing,
              "it left the mirror; resolve it anew with `stratify lock`, or name a mirror that keeps it with "
              "--mirror");
}

}  // namespace

fs::path deb_path(const fs::path& cache, const Sha256& sha256) {
  return cache / "debs" / (sha256.hex() + ".deb");
}

Result<void> fetch(const std::vector<LockedPackage>& packages, const Mirror& mirror,
                   const FetchOptions& options, Progress& progress) {
  const auto total = bytes_of(packages);
  auto step = progress.step("fetch", {.total = total, .unit = Unit::kBytes});
  const auto present = examine(packages, options.cache, step);
  std::vector<LockedPackage> wanted;
  std::vector<Download> downloads;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (present[i] == Presence::kGood) continue;
    const auto path = deb_path(options.cache, packages[i].sha256);
    if (present[i] == Presence::kWrong) {
      progress.note(std::format("{}: not what it was fetched as; {} is fetched anew", path.string(),
                                name_of(packages[i])));
      TRY(remove_tree(path));
    }
    wanted.push_back(packages[i]);
    downloads.push_back(to_download(packages[i], mirror, options.cache));
  }
  const auto here = total - bytes_of(wanted);
  auto settings = options.download;
  settings.on_progress = [&](std::uint64_t bytes) { step.reach(here + bytes); };
  TRY(sum_up(download(downloads, settings), wanted));
  step.done(std::format("{} packages; {} fetched, {} here", packages.size(),
                        amount(bytes_of(wanted), Unit::kBytes), amount(here, Unit::kBytes)));
  return {};
}

}  // namespace stratify::image
