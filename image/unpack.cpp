#include "image/unpack.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "image/package_tree.hpp"
#include "platform/archive.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

// Raised when the same .deb would give another commit.
constexpr std::uint64_t kRules = 1;
constexpr const char* kRulesKey = "openhaven.unpack-rules";

std::string display(const LockedPackage& package) { return package.name + " " + package.version; }

// Reads the file once before anything in it is believed. The second reading comes from the page cache, and
// checking costs a hundredth of decompressing.
Result<void> verify(const Descriptor& file, const LockedPackage& package, const fs::path& deb) {
  FileSource source(Descriptor(::dup(file.get())), deb);
  Sha256Stream stream;
  for (;;) {
    const auto piece = TRY(source.next());
    if (piece.empty()) break;
    stream.update(piece);
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return errno_error("read", deb);
  const auto found = stream.finish();
  if (found == package.sha256) return {};
  return fail(Category::kVerification, "unpack", display(package),
              deb.string() + " has SHA-256 " + found.hex() + ", the lock says " + package.sha256.hex() +
                  "; delete the file and fetch it again");
}

Result<void> check_identity(const Control& control, const LockedPackage& package) {
  const auto differs = [&](std::string_view field, std::string_view found, std::string_view locked) {
    return fail(
        Category::kVerification, "unpack", display(package),
        "its " + std::string(field) + " is " + std::string(found) + ", the lock says " + std::string(locked));
  };
  if (control.package() != package.name) return differs("Package", control.package(), package.name);
  if (control.version() != package.version) return differs("Version", control.version(), package.version);
  if (control.architecture() != package.architecture) {
    return differs("Architecture", control.architecture(), package.architecture);
  }
  return {};
}

// Packages that are still to do, and the first failure, shared by the threads.
class Work {
 public:
  Work(std::vector<const PackageFile*> packages, const UnpackOptions& options)
      : packages_(std::move(packages)), options_(options) {
    progress_.total = packages_.size();
    for (const auto* package : packages_) progress_.total_bytes += package->package.size;
  }

  // The next package; nothing when all are taken or one has failed.
  const PackageFile* take() {
    const std::lock_guard guard(mutex_);
    return failure_ || next_ == packages_.size() ? nullptr : packages_[next_++];
  }

  void done(const PackageFile& package) {
    const std::lock_guard guard(mutex_);
    ++progress_.done;
    progress_.bytes += package.package.size;
    progress_.package = package.package.name;
    options_.on_progress(progress_);
  }

  void failed(const Error& error) {
    const std::lock_guard guard(mutex_);
    if (!failure_) failure_ = error;
  }

  [[nodiscard]] Result<void> result() const {
    if (failure_) return std::unexpected(*failure_);
    return {};
  }

 private:
  std::vector<const PackageFile*> packages_;
  const UnpackOptions& options_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  UnpackProgress progress_;
  std::optional<Error> failure_;
};

// One thread. Each has a repository handle of its own, because a handle has one transaction at a time.
Result<void> unpack_some(const fs::path& path, ostree::Sync sync, Work& work) {
  const auto repository = TRY(ostree::Repository::open_or_create(path, sync));
  while (const auto* next = work.take()) {
    if (!TRY(find_unpacked(repository, next->package.sha256)))
      TRY(unpack_deb(repository, next->package, next->deb));
    work.done(*next);
  }
  return {};
}

}  // namespace

std::string package_ref(const Sha256& deb) { return "deb/" + deb.hex(); }

Result<std::optional<Sha256>> find_unpacked(const ostree::Repository& repository, const Sha256& deb) {
  auto commit = TRY(repository.resolve_usable(package_ref(deb)));
  if (!commit) return std::nullopt;
  const auto metadata = TRY(repository.metadata_of(*commit));
  const auto rules = metadata.find(kRulesKey);
  if (rules == metadata.end() || rules->second != ostree::MetadataValue(kRules)) return std::nullopt;
  return commit;
}

Result<Sha256> unpack_deb(const ostree::Repository& repository, const LockedPackage& package,
                          const fs::path& deb, const DebLimits& limits) {
  auto file = TRY(open_file(deb, O_RDONLY));
  TRY(verify(file, package, deb));
  FileSource source(std::move(file), deb);
  auto transaction = TRY(repository.begin());
  PackageTree tree(transaction, package.name == "base-files");
  TRY(tree.begin());
  const auto control = read_deb(source, tree, limits);
  if (!control) return std::unexpected(control.error().in(display(package)));
  TRY(check_identity(*control, package));
  const auto root = TRY(transaction.write_tree(tree.tree()));
  const auto commit = TRY(transaction.write_commit(
      root, {.subject = display(package),
             .metadata = {{kRulesKey, kRules}, {"version", package.version}, {"package", package.name}}}));
  transaction.set_ref(package_ref(package.sha256), commit);
  TRY(transaction.commit());
  return commit;
}

Result<void> unpack_all(const fs::path& repository, const std::vector<PackageFile>& packages,
                        const UnpackOptions& options) {
  // Made before the threads race for it.
  TRY(ostree::Repository::open_or_create(repository, options.sync));
  std::vector<const PackageFile*> order;
  order.reserve(packages.size());
  for (const auto& package : packages) order.push_back(&package);
  std::ranges::sort(order, std::ranges::greater(),
                    [](const PackageFile* file) { return file->package.size; });
  const auto wanted =
      options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  Work work(std::move(order), options);
  const auto run = [&] {
    if (const auto result = unpack_some(repository, options.sync, work); !result) work.failed(result.error());
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < wanted; ++i) threads.emplace_back(run);
  run();
  threads.clear();
  return work.result();
}

}  // namespace stratify::image
