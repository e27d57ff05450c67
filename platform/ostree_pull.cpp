#include "platform/ostree_pull.hpp"

#include <algorithm>
#include <optional>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"
#include "platform/ostree_signature.hpp"
#include "platform/ostree_trust.hpp"

namespace stratify::ostree {

namespace fs = std::filesystem;

namespace {

using Bytes = Owned<GBytes, g_bytes_unref>;
using Context = Owned<GMainContext, g_main_context_unref>;
using Clock = std::chrono::steady_clock;

constexpr const char* kRemote = "openhaven";
constexpr unsigned kUpdateEvery = 250;  // milliseconds
// A connection that brings fewer bytes a second has stalled.
constexpr unsigned kSlowest = 100;

// libostree fetches over HTTP only from a remote that is configured. This one lives in a folder of its own,
// for one pull: neither the repository's configuration nor /etc is written.
class Remote {
 public:
  [[nodiscard]] static Result<Remote> configure(const fs::path& repository, const PullOptions& options) {
    auto folder = TRY(TemporaryFolder::create(fs::temp_directory_path(), "remote"));
    const KeyFile config(g_key_file_new());
    const auto group = std::string("remote \"") + kRemote + "\"";
    std::vector<std::string> absolute;
    std::vector<const char*> keyrings;
    absolute.reserve(options.keyrings.size());
    keyrings.reserve(options.keyrings.size());
    for (const auto& keyring : options.keyrings) absolute.push_back(fs::absolute(keyring));
    for (const auto& keyring : absolute) keyrings.push_back(keyring.c_str());
    g_key_file_set_string(config.get(), group.c_str(), "url", options.url.c_str());
    g_key_file_set_boolean(config.get(), group.c_str(), "gpg-verify", TRUE);
    g_key_file_set_boolean(config.get(), group.c_str(), "gpg-verify-summary", FALSE);
    g_key_file_set_string_list(config.get(), group.c_str(), "gpgkeypath", keyrings.data(), keyrings.size());
    GlibFailure failure;
    const auto file = folder.path() / (std::string(kRemote) + ".conf");
    if (!g_key_file_save_to_file(config.get(), file.c_str(), failure)) return failure.as("write", file);
    auto repo = TRY(open(repository, folder.path()));
    return Remote(std::move(folder), std::move(repo));
  }

  [[nodiscard]] OstreeRepo* repo() const { return repo_.get(); }

 private:
  Remote(TemporaryFolder folder, Handle<OstreeRepo> repo)
      : folder_(std::move(folder)), repo_(std::move(repo)) {}

  static Result<Handle<OstreeRepo>> open(const fs::path& path, const fs::path& remotes) {
    const Handle<GFile> file(g_file_new_for_path(path.c_str()));
    Handle<OstreeRepo> repo(static_cast<OstreeRepo*>(
        g_object_new(OSTREE_TYPE_REPO, "path", file.get(), "remotes-config-dir", remotes.c_str(), nullptr)));
    GlibFailure failure;
    if (!ostree_repo_open(repo.get(), nullptr, failure)) return failure.as("open repository", path);
    return repo;
  }

  TemporaryFolder folder_;
  Handle<OstreeRepo> repo_;
};

// Everything asynchronous of this thread runs in here while it lives, and nothing of others does.
class OwnContext {
 public:
  OwnContext() : context_(g_main_context_new()) { g_main_context_push_thread_default(context_.get()); }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;
  OwnContext(OwnContext&&) = delete;
  OwnContext& operator=(OwnContext&&) = delete;
  ~OwnContext() { g_main_context_pop_thread_default(context_.get()); }

 private:
  Context context_;
};

// What is seen and decided while libostree pulls.
class Watch {
 public:
  explicit Watch(const PullOptions& options)
      : options_(options),
        end_(Clock::now() + options.limit),
        progress_(ostree_async_progress_new_and_connect(&Watch::changed, this)) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  Watch(Watch&&) = delete;
  Watch& operator=(Watch&&) = delete;
  ~Watch() { ostree_async_progress_finish(progress_.get()); }

  [[nodiscard]] OstreeAsyncProgress* progress() const { return progress_.get(); }
  [[nodiscard]] GCancellable* cancellable() const { return cancellable_.get(); }
  [[nodiscard]] bool out_of_time() const { return out_of_time_; }

 private:
  static void changed(OstreeAsyncProgress* progress, void* self) {
    static_cast<Watch*>(self)->look(progress);
  }

  void look(OstreeAsyncProgress* progress) {
    if (Clock::now() >= end_) {
      out_of_time_ = true;
      g_cancellable_cancel(cancellable_.get());
    }
    if (!options_.on_progress) return;
    const auto parts = ostree_async_progress_get_uint(progress, "total-delta-parts");
    const auto* done = parts > 0 ? "fetched-delta-parts" : "fetched";
    options_.on_progress(
        {.bytes = ostree_async_progress_get_uint64(progress, "bytes-transferred"),
         .objects_done = ostree_async_progress_get_uint(progress, done),
         .objects_wanted = parts > 0 ? parts : ostree_async_progress_get_uint(progress, "requested")});
  }

  const PullOptions& options_;
  Clock::time_point end_;
  bool out_of_time_ = false;
  Handle<GCancellable> cancellable_{g_cancellable_new()};
  Handle<OstreeAsyncProgress> progress_;
  std::stop_callback<std::function<void()>> on_stop_{options_.stop,
                                                     [this] { g_cancellable_cancel(cancellable_.get()); }};
};

void add(GVariantBuilder& options, const char* name, GVariant* value) {
  g_variant_builder_add(&options, "{sv}", name, value);
}

// Of every request.
void add_network(GVariantBuilder& to, const PullOptions& options) {
  const auto stall = static_cast<guint32>(std::clamp<std::int64_t>(options.stall.count(), 1, 86400));
  add(to, "n-network-retries", g_variant_new_uint32(options.retries));
  add(to, "low-speed-limit-bytes", g_variant_new_uint32(kSlowest));
  add(to, "low-speed-time-seconds", g_variant_new_uint32(stall));
}

struct Summary {
  Bytes content;
  Bytes signatures;
};

// The list of static deltas, if it is there and signed by a key one trusts: a delta is decoded before its
// result can be verified, so nobody else may name one. Without it there are no deltas, which is slower and no
// failure.
std::optional<Summary> trusted_summary(const Remote& remote, const PullOptions& options, const Watch& watch,
                                       const fs::path& repository) {
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  add_network(builder, options);
  const Variant network(g_variant_ref_sink(g_variant_builder_end(&builder)));
  Summary summary;
  GlibFailure failure;
  const bool fetched = ostree_repo_remote_fetch_summary_with_options(
                           remote.repo(), kRemote, network.get(), out(summary.content),
                           out(summary.signatures), watch.cancellable(), failure) != FALSE;
  if (!fetched || !summary.content || !summary.signatures) return std::nullopt;
  const Variant metadata(
      g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE_VARDICT, summary.signatures.get(), FALSE)));
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(summary.content.get(), &size));
  if (!verify_signed(repository, {data, size}, metadata.get(), options.keyrings)) return std::nullopt;
  return summary;
}

Variant pull_options(const PullOptions& options, const std::optional<Summary>& summary) {
  const auto commit = options.commit.hex();
  const char* const refs[] = {commit.c_str()};
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
  add_network(builder, options);
  add(builder, "refs", g_variant_new_strv(refs, 1));
  add(builder, "depth", g_variant_new_int32(0));
  add(builder, "flags", g_variant_new_int32(OSTREE_REPO_PULL_FLAGS_UNTRUSTED));
  add(builder, "disable-static-deltas", g_variant_new_boolean(!summary));
  add(builder, "update-frequency", g_variant_new_uint32(kUpdateEvery));
  if (summary) {
    // Else a server may name deltas in an index that nobody signs.
    add(builder, "gpg-verify-summary", g_variant_new_boolean(TRUE));
    add(builder, "summary-bytes",
        g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, summary->content.get(), TRUE));
    add(builder, "summary-sig-bytes",
        g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, summary->signatures.get(), TRUE));
  }
  return Variant(g_variant_ref_sink(g_variant_builder_end(&builder)));
}

// What libostree's network part has no code for is the network's failure: there is nothing to do but try
// again.
Unexpected explained(const GlibFailure& failure, const PullOptions& options, const Watch& watch) {
  const auto what = options.commit.hex();
  if (watch.out_of_time())
    return fail(Category::kTimeout, "pull", what,
                "it took too long; what has come so far is kept for the next try");
  if (failure.is(G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return fail(Category::kConflict, "pull", what,
                "it was stopped; what has come so far is kept for the next try");
  auto error = failure.as("pull", what).error();
  // libostree calls every failure of curl a timeout, so as to try again; this is curl's own number of one.
  const bool network = error.category() == Category::kTimeout || error.category() == Category::kIo;
  const bool stalled = error.cause().contains("[28]");
  if (!network || stalled || options.url.starts_with("file:")) return std::unexpected(std::move(error));
  return fail(Category::kUnavailable, error.operation(), error.object(),
              error.cause() + "; what has come so far is kept for the next try");
}

Result<void> verify_here(OstreeRepo* repo, const fs::path& repository, const PullOptions& options) {
  const auto commit = TRY(load(repo, OSTREE_OBJECT_TYPE_COMMIT, options.commit));
  Variant detached;
  GlibFailure failure;
  if (!ostree_repo_read_commit_detached_metadata(repo, options.commit.hex().c_str(), out(detached), nullptr,
                                                 failure)) {
    return failure.as("read the signatures of", options.commit.hex());
  }
  return verify_commit(repository, commit.get(), detached.get(), options.keyrings);
}

}  // namespace

Result<void> pull(const fs::path& repository, const PullOptions& options) {
  const auto remote = TRY(Remote::configure(repository, options));
  const OwnContext context;
  const Watch watch(options);
  const bool deltas = options.deltas && !options.url.starts_with("file:");  // libostree copies objects then
  const auto summary =
      deltas ? trusted_summary(remote, options, watch, repository) : std::optional<Summary>();
  const auto how = pull_options(options, summary);
  GlibFailure failure;
  // libostree looks below folders that are here only for a commit that is noted as incomplete.
  if (options.whole &&
      !ostree_repo_mark_commit_partial(remote.repo(), options.commit.hex().c_str(), TRUE, failure))
    return failure.as("note as partial", options.commit.hex());
  if (!ostree_repo_pull_with_options(remote.repo(), kRemote, how.get(), watch.progress(), watch.cancellable(),
                                     failure)) {
    return explained(failure, options, watch);
  }
  // libostree also trusts what the system trusts; options.keyrings may hold less.
  return verify_here(remote.repo(), repository, options);
}

Result<bool> has_complete_commit(const fs::path& repository, const Sha256& commit) {
  const Handle<GFile> file(g_file_new_for_path(repository.c_str()));
  const Handle<OstreeRepo> repo(ostree_repo_new(file.get()));
  GlibFailure failure;
  if (!ostree_repo_open(repo.get(), nullptr, failure)) return failure.as("open repository", repository);
  OstreeRepoCommitState state{};
  Variant object;
  if (!ostree_repo_load_commit(repo.get(), commit.hex().c_str(), out(object), &state, failure)) {
    if (failure.is(G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) return false;
    return failure.as("look for", commit.hex());
  }
  return (state & OSTREE_REPO_COMMIT_STATE_PARTIAL) == 0;
}

}  // namespace stratify::ostree
