// Transactions: objects, trees, commits.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/file.hpp"
#include "platform/ostree_glib.hpp"

namespace stratify::ostree {

namespace {

GVariant* to_variant(const MetadataValue& value) {
  struct Visitor {
    GVariant* operator()(const std::string& text) const { return g_variant_new_string(text.c_str()); }
    GVariant* operator()(bool flag) const { return g_variant_new_boolean(flag ? TRUE : FALSE); }
    GVariant* operator()(std::uint64_t number) const { return g_variant_new_uint64(number); }
    GVariant* operator()(const std::vector<std::string>& list) const {
      std::vector<const char*> words;
      words.reserve(list.size());
      for (const auto& word : list) words.push_back(word.c_str());
      return g_variant_new_strv(words.data(), static_cast<gssize>(words.size()));
    }
  };
  return std::visit(Visitor{}, value);
}

Variant to_variant(const std::map<std::string, MetadataValue>& metadata) {
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sv}"));
  for (const auto& [key, value] : metadata)
    g_variant_builder_add(&builder, "{sv}", key.c_str(), to_variant(value));
  return Variant(g_variant_ref_sink(g_variant_builder_end(&builder)));
}

// Transactions run side by side, but libostree's allocation of their staging folders does not: one that
// begins may be given the folder that another, just ending, removes ("opendir(staging-...): No such file or
// directory", github.com/ostreedev/ostree/issues/1620). So begin and end are one at a time, for all threads
// and processes, by a lock (flock(2)) on a folder every repository has.
Result<Descriptor> lock_turn(OstreeRepo* repo) {
  Descriptor folder(::openat(ostree_repo_get_dfd(repo), "refs", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return errno_error("open", "refs of the repository");
  while (::flock(folder.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return errno_error("lock", "refs of the repository");
  }
  return folder;
}

}  // namespace

Result<Transaction> Repository::begin() const {
  const auto turn = TRY(lock_turn(repo_.get()));
  GlibFailure failure;
  if (!ostree_repo_prepare_transaction(repo_.get(), nullptr, nullptr, failure)) {
    return failure.as("begin a transaction in", path_);
  }
  return Transaction(share(repo_.get()));
}

Transaction::~Transaction() {
  if (!repo_) return;
  const auto turn = lock_turn(repo_.get());
  ostree_repo_abort_transaction(repo_.get(), nullptr, nullptr);
}

Result<FileWriter> Transaction::open_file(const Attributes& attributes, std::uint64_t size) {
  const auto xattrs = to_variant(attributes.xattrs);
  GlibFailure failure;
  Handle<OstreeContentWriter> writer(
      ostree_repo_write_regfile(repo_.get(), nullptr, attributes.uid, attributes.gid,
                                S_IFREG | (attributes.mode & kPermissions), size, xattrs.get(), failure));
  if (!writer) return failure.as("write", "file object");
  return FileWriter(std::move(writer), size);
}

Result<void> FileWriter::write(std::string_view data) {
  if (data.size() > left_) {
    return fail(Category::kInvalidInput, "write", "file object", "more bytes came than were announced");
  }
  GlibFailure failure;
  gsize written = 0;
  if (!g_output_stream_write_all(G_OUTPUT_STREAM(writer_.get()), data.data(), data.size(), &written, nullptr,
                                 failure)) {
    return failure.as("write", "file object");
  }
  left_ -= data.size();
  return {};
}

Result<Sha256> FileWriter::finish() {
  if (left_ != 0) {
    return fail(Category::kInvalidInput, "write", "file object",
                std::to_string(left_) + " bytes fewer came than were announced");
  }
  GlibFailure failure;
  const GlibString object(ostree_content_writer_finish(writer_.get(), nullptr, failure));
  if (!object) return failure.as("write", "file object");
  return checksum(object.get());
}

Result<Sha256> Transaction::write_file(const Attributes& attributes, std::string_view content) {
  const auto xattrs = ostree::to_variant(attributes.xattrs);
  GlibFailure failure;
  const GlibString object(ostree_repo_write_regfile_inline(
      repo_.get(), nullptr, attributes.uid, attributes.gid, S_IFREG | (attributes.mode & kPermissions),
      xattrs.get(), reinterpret_cast<const guint8*>(content.data()), content.size(), nullptr, failure));
  if (!object) return failure.as("write", "file object");
  return checksum(object.get());
}

Result<Sha256> Transaction::write_file(const Attributes& attributes, int fd, std::uint64_t size) {
  auto writer = TRY(open_file(attributes, size));
  std::vector<char> buffer(256U << 10U);
  for (;;) {
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read", "content of a file object");
    if (count == 0) return writer.finish();
    TRY(writer.write({buffer.data(), static_cast<std::size_t>(count)}));
  }
}

Result<Sha256> Transaction::write_symlink(const Attributes& attributes, std::string_view target) {
  const auto xattrs = ostree::to_variant(attributes.xattrs);
  GlibFailure failure;
  const GlibString object(ostree_repo_write_symlink(repo_.get(), nullptr, attributes.uid, attributes.gid,
                                                    xattrs.get(), std::string(target).c_str(), nullptr,
                                                    failure));
  if (!object) return failure.as("write", "symlink to " + std::string(target));
  return checksum(object.get());
}

Result<Sha256> Transaction::write_folder(const Attributes& attributes) {
  const Handle<GFileInfo> info(g_file_info_new());
  g_file_info_set_attribute_uint32(info.get(), "unix::uid", attributes.uid);
  g_file_info_set_attribute_uint32(info.get(), "unix::gid", attributes.gid);
  g_file_info_set_attribute_uint32(info.get(), "unix::mode", S_IFDIR | (attributes.mode & kPermissions));
  const auto xattrs = ostree::to_variant(attributes.xattrs);
  const Variant object(ostree_create_directory_metadata(info.get(), xattrs.get()));
  std::array<guchar, OSTREE_SHA256_DIGEST_LEN> digest{};
  Owned<guchar, g_free> raw;
  GlibFailure failure;
  if (!ostree_repo_write_metadata(repo_.get(), OSTREE_OBJECT_TYPE_DIR_META, nullptr, object.get(), out(raw),
                                  nullptr, failure)) {
    return failure.as("write", "folder object");
  }
  std::copy_n(raw.get(), digest.size(), digest.begin());
  const GlibString hex(ostree_checksum_from_bytes(digest.data()));
  return checksum(hex.get());
}

Result<Root> Transaction::write_tree(const Tree& tree) {
  Handle<GFile> root;
  GlibFailure failure;
  if (!ostree_repo_write_mtree(repo_.get(), tree.root_.get(), out(root), nullptr, failure)) {
    return failure.as("write", "tree");
  }
  return Root(Handle<OstreeRepoFile>(OSTREE_REPO_FILE(root.release())));
}

Result<Sha256> Transaction::write_commit(const Root& root, const CommitOptions& options) {
  const auto metadata = to_variant(options.metadata);
  GlibString commit;
  GlibFailure failure;
  if (!ostree_repo_write_commit_with_time(
          repo_.get(), options.parent ? options.parent->hex().c_str() : nullptr, options.subject.c_str(),
          options.body.c_str(), metadata.get(), root.file_.get(), options.timestamp, out(commit), nullptr,
          failure)) {
    return failure.as("write", "commit");
  }
  return checksum(commit.get());
}

void Transaction::set_ref(std::string_view ref, const Sha256& commit) {
  ostree_repo_transaction_set_ref(repo_.get(), nullptr, std::string(ref).c_str(), commit.hex().c_str());
}

void Transaction::delete_ref(std::string_view ref) {
  ostree_repo_transaction_set_ref(repo_.get(), nullptr, std::string(ref).c_str(), nullptr);
}

Result<void> Transaction::commit() {
  const auto turn = TRY(lock_turn(repo_.get()));
  GlibFailure failure;
  if (!ostree_repo_commit_transaction(repo_.get(), nullptr, nullptr, failure)) {
    return failure.as("commit", "transaction");
  }
  repo_.reset();
  return {};
}

}  // namespace stratify::ostree
