#include "platform/ostree_delta.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "platform/file.hpp"
#include "platform/ostree_delta_file.hpp"
#include "platform/ostree_glib.hpp"
#include "platform/ostree_pull.hpp"
#include "platform/ostree_trust.hpp"

namespace stratify::ostree {

namespace fs = std::filesystem;

namespace {

// The bytes of a file that nobody else can change any more, in the folder's file system without a name: what
// a medium says twice may differ, and one that is pulled out would kill who has it mapped.
class PrivateCopy {
 public:
  [[nodiscard]] static Result<PrivateCopy> of(const fs::path& file, const fs::path& folder,
                                              std::uint64_t limit) {
    const auto from = TRY(open_file(file, O_RDONLY | O_NONBLOCK));
    struct stat about{};
    if (::fstat(from.get(), &about) != 0) return errno_error("look at", file);
    if (!S_ISREG(about.st_mode)) return fail(Category::kInvalidInput, "read", file, "it is no file");
    auto to = TRY(open_file(folder, O_TMPFILE | O_RDWR, 0600));
    const auto size = TRY(copy(from, to, file, limit));
    if (size == 0) return fail(Category::kInvalidInput, "read", file, "it is empty");
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, to.get(), 0);
    if (mapped == MAP_FAILED) return errno_error("read", file);
    return PrivateCopy(std::move(to), static_cast<const char*>(mapped), size);
  }
  PrivateCopy(PrivateCopy&& other) noexcept
      : file_(std::move(other.file_)), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  PrivateCopy& operator=(PrivateCopy&&) = delete;
  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;
  ~PrivateCopy() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }
  // A name for it in this process.
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

 private:
  PrivateCopy(Descriptor file, const char* data, std::size_t size)
      : file_(std::move(file)), data_(data), size_(size) {}

  static Result<std::size_t> copy(const Descriptor& from, const Descriptor& to, const fs::path& file,
                                  std::uint64_t limit) {
    std::vector<char> buffer(1U << 20U);
    std::size_t size = 0;
    for (;;) {
      const auto count = ::read(from.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno_error("read", file);
      if (count == 0) return size;
      size += static_cast<std::size_t>(count);
      if (size > limit) return fail(Category::kInvalidInput, "read", file, "it is too large for an update");
      TRY(write_all(to.get(), {buffer.data(), static_cast<std::size_t>(count)},
                    "a copy of " + file.string()));
    }
  }

  Descriptor file_;
  const char* data_;
  std::size_t size_;
};

Result<Handle<OstreeRepo>> open_repository_at(const fs::path& path) {
  const Handle<GFile> file(g_file_new_for_path(path.c_str()));
  Handle<OstreeRepo> repo(ostree_repo_new(file.get()));
  GlibFailure failure;
  if (!ostree_repo_open(repo.get(), nullptr, failure)) return failure.as("open repository", path);
  return repo;
}

// Until it is unmarked the commit counts as one of which something may be missing.
Result<void> mark_partial(OstreeRepo* repo, const Sha256& commit, bool partial) {
  GlibFailure failure;
  if (!ostree_repo_mark_commit_partial(repo, commit.hex().c_str(), partial ? TRUE : FALSE, failure))
    return failure.as("mark", commit.hex());
  return {};
}

Result<void> execute(OstreeRepo* repo, const PrivateCopy& copy, const Sha256& commit) {
  const Handle<GFile> file(g_file_new_for_path(copy.path().c_str()));
  GlibFailure failure;
  if (!ostree_repo_prepare_transaction(repo, nullptr, nullptr, failure))
    return failure.as("write to", "the repository");
  if (ostree_repo_static_delta_execute_offline(repo, file.get(), FALSE, nullptr, failure) &&
      ostree_repo_commit_transaction(repo, nullptr, nullptr, failure)) {
    return {};
  }
  auto error = failure.as("unpack", commit.hex());
  ostree_repo_abort_transaction(repo, nullptr, nullptr);
  return error;
}

Result<void> keep_signatures(OstreeRepo* repo, const Sha256& commit, GVariant* detached) {
  GlibFailure failure;
  if (!ostree_repo_write_commit_detached_metadata(repo, commit.hex().c_str(), detached, nullptr, failure))
    return failure.as("keep the signatures of", commit.hex());
  return {};
}

// A delta file brings what its author put into it, which may be less than the commit.
Result<void> require_everything(OstreeRepo* repo, const Sha256& commit) {
  HashTable reachable;
  GlibFailure failure;
  if (!ostree_repo_traverse_commit(repo, commit.hex().c_str(), 0, out(reachable), nullptr, failure))
    return failure.as("look through", commit.hex());
  GHashTableIter all;
  g_hash_table_iter_init(&all, reachable.get());
  for (void* key = nullptr; g_hash_table_iter_next(&all, &key, nullptr);) {
    const char* name = nullptr;
    OstreeObjectType type{};
    gboolean here = FALSE;
    ostree_object_name_deserialize(static_cast<GVariant*>(key), &name, &type);
    if (!ostree_repo_has_object(repo, type, name, &here, nullptr, failure))
      return failure.as("look for", name);
    if (!here)
      return fail(Category::kVerification, "unpack", commit.hex(), "the file lacks " + std::string(name));
  }
  return {};
}

}  // namespace

Result<DeltaHeader> read_delta_header(const fs::path& file, const DeltaLimits& limits) {
  const auto copy = TRY(PrivateCopy::of(file, fs::temp_directory_path(), limits.uncompressed_bytes));
  return parse_delta_header(copy.bytes(), limits);
}

Result<void> apply_delta_file(const fs::path& repository, const fs::path& file, const DeltaOptions& options) {
  const auto repo = TRY(open_repository_at(repository));
  const auto copy = TRY(PrivateCopy::of(file, repository / "tmp", options.limits.uncompressed_bytes));
  const auto header = TRY(parse_delta_header(copy.bytes(), options.limits));
  if (header.to != options.commit)
    return fail(Category::kVerification, "use", file, "it leads to another version, " + header.to.hex());
  const DeltaFile delta(copy.bytes());
  const auto commit = delta.commit();
  const auto detached = delta.detached_metadata(header);
  if (Sha256::of(content_of(commit.get())) != options.commit)
    return fail(Category::kVerification, "use", file, "it is damaged");
  TRY(verify_commit(repository, commit.get(), detached.get(), options.keyrings));
  if (TRY(has_complete_commit(repository, options.commit)))
    return keep_signatures(repo.get(), options.commit, detached.get());
  if (header.from && !TRY(has_complete_commit(repository, *header.from)))
    return fail(Category::kNotFound, "use", file,
                "it builds on a version that is not here, " + header.from->hex());
  TRY(measure_delta_parts(copy.bytes(), options.limits));
  TRY(mark_partial(repo.get(), options.commit, true));
  TRY(execute(repo.get(), copy, options.commit));
  TRY(keep_signatures(repo.get(), options.commit, detached.get()));
  TRY(require_everything(repo.get(), options.commit));
  return mark_partial(repo.get(), options.commit, false);
}

}  // namespace stratify::ostree
