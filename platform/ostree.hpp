// OSTree repositories (libostree): content-addressed files and folders, trees of them, commits and the refs
// that name commits. All paths inside trees may begin with "/"; "." and ".." are refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/attributes.hpp"
#include "platform/error.hpp"
#include "platform/sha256.hpp"

// libostree's handles; its headers stay out of ours.
struct _OstreeContentWriter;  // NOLINT(bugprone-reserved-identifier): libostree's own name
struct OstreeMutableTree;
struct OstreeRepo;
struct OstreeRepoFile;

namespace stratify::ostree {

struct ObjectUnref {
  void operator()(void* object) const;
};
template <class T>
using Handle = std::unique_ptr<T, ObjectUnref>;

using stratify::Attributes;

enum class Kind { kFile, kSymlink, kFolder };

// One path of a commit.
struct Entry {
  std::string path;  // absolute, below the listed folder: "/usr/bin/ls"
  Kind kind = Kind::kFile;
  Sha256 checksum;         // of the file object; for a folder of its attributes
  std::uint64_t size = 0;  // bytes, 0 unless a file
  Attributes attributes;
  std::string target;  // of a symlink
};

class Repository;

// Which objects are the root folder of a commit: its entries and its attributes.
class Root {
 public:
  [[nodiscard]] Sha256 tree() const;
  [[nodiscard]] Sha256 folder() const;

 private:
  friend class Repository;
  friend class Transaction;
  explicit Root(Handle<OstreeRepoFile> file) : file_(std::move(file)) {}
  Handle<OstreeRepoFile> file_;
};

// Which side a merge keeps where both have a file (or symlink) of different content or attributes at one
// path, or where one has a folder and the other has not.
enum class OnConflict { kRefuse, kReplace, kKeep };

struct MergeOptions {
  std::string from = "/";  // folder of the commit that is merged
  std::string at = "/";    // folder of the tree it is merged into; missing parents are refused
  OnConflict files = OnConflict::kRefuse;
  bool replace_attributes = false;  // of folders both have; otherwise the tree's stay
  // Called with the path below `from` ("/usr/bin/ls"); false leaves it, and for a folder all below it, out.
  std::function<bool(std::string_view path, Kind kind)> keep;
};

// A tree in memory, made of the checksums of objects; no content is read or written. Move-only.
class Tree {
 public:
  // A tree whose root has no attributes yet: set them with set_folder("/").
  Tree();

  // The tree of a commit, or one of its folders; read lazily.
  [[nodiscard]] static Result<Tree> of_commit(const Repository& repository, const Sha256& commit,
                                              std::string_view from = "/");

  // Puts a file or symlink object at path, over whatever file is there. kNotFound when its parent folder is
  // missing, kConflict when a folder is in its place.
  [[nodiscard]] Result<void> replace_file(std::string_view path, const Sha256& object);

  // Makes a folder, or gives an existing one new attributes (Transaction::write_folder's checksum). The
  // parent must exist.
  [[nodiscard]] Result<void> set_folder(std::string_view path, const Sha256& attributes);

  // As set_folder, but an existing folder keeps its attributes, and missing parents get `attributes` too.
  [[nodiscard]] Result<void> ensure_folder(std::string_view path, const Sha256& attributes);

  // Removes a file, or a folder with all below it. kNotFound when there is none.
  [[nodiscard]] Result<void> remove(std::string_view path);

  struct Found {
    Kind kind = Kind::kFile;  // kFile also stands for a symlink: the tree does not know
    Sha256 checksum;          // of the file object; for a folder of its attributes
  };
  // What is at path, if anything. Does not follow symlinks.
  [[nodiscard]] Result<std::optional<Found>> find(std::string_view path) const;

  // The names in one folder, sorted.
  [[nodiscard]] Result<std::vector<std::string>> names(std::string_view path) const;

  // Lays a commit (or one of its folders) over this tree. Only folder objects are read. After an Error the
  // tree is partly merged: throw it away.
  [[nodiscard]] Result<void> merge(const Repository& repository, const Sha256& commit,
                                   const MergeOptions& options = {});

 private:
  friend class Transaction;
  explicit Tree(Handle<OstreeMutableTree> root) : root_(std::move(root)) {}
  Handle<OstreeMutableTree> root_;
};

using MetadataValue = std::variant<std::string, bool, std::uint64_t, std::vector<std::string>>;

struct CommitOptions {
  std::optional<Sha256> parent;
  std::string subject;
  std::string body;
  std::uint64_t timestamp = 0;  // seconds since the epoch; part of the checksum, so give a fixed one
  std::map<std::string, MetadataValue> metadata;
};

// A regular file on its way into the repository. Destroying it unfinished leaves nothing behind.
class FileWriter {
 public:
  [[nodiscard]] Result<void> write(std::string_view data);
  // The checksum of the file object. kInvalidInput when more or fewer bytes came than were announced.
  [[nodiscard]] Result<Sha256> finish();

 private:
  friend class Transaction;
  FileWriter(Handle<_OstreeContentWriter> writer, std::uint64_t size)
      : writer_(std::move(writer)), left_(size) {}
  Handle<_OstreeContentWriter> writer_;
  std::uint64_t left_;
};

// Writing to a repository. Objects and refs become visible together with commit(), refs last; destroying it
// without commit() drops both. Objects a killed process left behind are taken over by the next transaction of
// the same boot. The write_ functions may be called from several threads at once; one Repository has one
// transaction at a time, and several Repositories of one path may each have theirs.
class Transaction {
 public:
  Transaction(Transaction&&) = default;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  // A regular file of exactly size bytes, streamed.
  [[nodiscard]] Result<FileWriter> open_file(const Attributes& attributes, std::uint64_t size);
  [[nodiscard]] Result<Sha256> write_file(const Attributes& attributes, std::string_view content);
  // The rest of what fd reads, size bytes.
  [[nodiscard]] Result<Sha256> write_file(const Attributes& attributes, int fd, std::uint64_t size);
  // The mode is not used: a symlink has none.
  [[nodiscard]] Result<Sha256> write_symlink(const Attributes& attributes, std::string_view target);
  // A folder's attributes ("dirmeta"), for Tree.
  [[nodiscard]] Result<Sha256> write_folder(const Attributes& attributes);

  // The folders of a tree. kInvalidInput when one of them has no attributes.
  [[nodiscard]] Result<Root> write_tree(const Tree& tree);
  [[nodiscard]] Result<Sha256> write_commit(const Root& root, const CommitOptions& options);

  void set_ref(std::string_view ref, const Sha256& commit);
  void delete_ref(std::string_view ref);

  [[nodiscard]] Result<void> commit();

 private:
  friend class Repository;
  explicit Transaction(Handle<OstreeRepo> repo) : repo_(std::move(repo)) {}
  Handle<OstreeRepo> repo_;
};

struct CheckoutOptions {
  std::string from = "/";  // folder of the commit
  enum class Existing {
    kRefuse,     // the destination must not exist
    kReplace,    // lay over an existing tree, its files replaced
    kKeep,       // lay under an existing tree, its files kept
    kIdentical,  // lay over an existing tree, a different file is an Error
  } existing = Existing::kRefuse;
  bool whiteouts = false;          // ".wh.NAME" removes NAME from what is there, as in image layers
  bool overlay_whiteouts = false;  // ".ostree-wh.NAME" becomes an overlayfs whiteout
  bool copy = false;  // private copies that may be written to; otherwise hard links, never to be changed
};

enum class Sync {
  kEveryTransaction,  // a power cut loses nothing that was committed
  kNever,             // for caches, see Repository::open_or_create
};

// A repository in `bare` mode: objects are plain files with their real owners, modes and xattrs, so checkouts
// are hard links. Works as root and as root of a user namespace that maps the ids.
class Repository {
 public:
  // With Sync::kNever nothing is flushed. Killing the process cannot hurt: libostree renames complete objects
  // into place before it writes refs, and what the kernel has accepted it keeps. Only a power cut or a kernel
  // crash can. So the repository remembers the boot it was written in (file "unsynced" inside); opened in a
  // later boot, everything is verified first, refs that lost an object are deleted and so are objects without
  // ref. sync() ends that debt.
  [[nodiscard]] static Result<Repository> open_or_create(const std::filesystem::path& path,
                                                         Sync sync = Sync::kEveryTransaction);
  // An existing repository of any mode. kNotFound when there is none.
  [[nodiscard]] static Result<Repository> open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // The commit a ref names, if it exists.
  [[nodiscard]] Result<std::optional<Sha256>> resolve(std::string_view ref) const;
  [[nodiscard]] Result<std::map<std::string, Sha256>> refs(std::string_view prefix = {}) const;
  // As resolve, but without a commit whose root folder is not there.
  [[nodiscard]] Result<std::optional<Sha256>> resolve_usable(std::string_view ref) const;

  // Sets or deletes one ref at once, atomically, outside a transaction.
  [[nodiscard]] Result<void> set_ref(std::string_view ref, const Sha256& commit) const;
  [[nodiscard]] Result<void> delete_ref(std::string_view ref) const;

  [[nodiscard]] Result<Transaction> begin() const;

  [[nodiscard]] Result<Root> root_of(const Sha256& commit) const;
  [[nodiscard]] Result<std::map<std::string, MetadataValue>> metadata_of(const Sha256& commit) const;

  // All paths below a folder, folders before their content, names sorted; the folder itself is not listed.
  [[nodiscard]] Result<std::vector<Entry>> list(const Sha256& commit, std::string_view from = "/") const;
  // One path; the root is "/". Does not follow symlinks.
  [[nodiscard]] Result<std::optional<Entry>> find(const Sha256& commit, std::string_view path) const;
  // One file object by its checksum: kind, size, attributes, target; path is empty.
  [[nodiscard]] Result<Entry> describe(const Sha256& object) const;
  // Content of a regular file: kNotFound when there is none at path, kInvalidInput when larger than limit.
  [[nodiscard]] Result<std::string> read_file(const Sha256& commit, std::string_view path,
                                              std::size_t limit = 64U << 20U) const;
  [[nodiscard]] Result<std::string> read_object(const Sha256& object, std::size_t limit = 64U << 20U) const;

  // Lays a commit's folder out at destination, whose parent must exist.
  [[nodiscard]] Result<void> checkout(const Sha256& commit, const std::filesystem::path& destination,
                                      const CheckoutOptions& options = {}) const;

  // Reads everything a commit is made of and compares checksums. kVerification names the damaged or missing
  // object.
  [[nodiscard]] Result<void> verify(const Sha256& commit) const;

  // Verifies the commits, deletes what of them is damaged and notes those that lack something as partial, so
  // that no delta is built on them. Returns the objects that are damaged or missing.
  [[nodiscard]] Result<std::vector<std::string>> discard_damage(const std::vector<Sha256>& commits) const;

  struct Repair {
    std::vector<std::string> lost_refs;  // deleted, because something below them was damaged or missing
    std::uint64_t freed_bytes = 0;
  };
  // Verifies what every ref names, deletes damaged objects, the refs that need them, and all that no ref
  // needs.
  [[nodiscard]] Result<Repair> repair() const;

  // Deletes objects that no ref needs; waits for other processes' transactions. Returns the bytes freed.
  [[nodiscard]] Result<std::uint64_t> prune() const;

  // Flushes everything written so far to the disk.
  [[nodiscard]] Result<void> sync() const;

 private:
  friend class Tree;
  Repository(std::filesystem::path path, Handle<OstreeRepo> repo)
      : path_(std::move(path)), repo_(std::move(repo)) {}
  std::filesystem::path path_;
  Handle<OstreeRepo> repo_;
};

}  // namespace stratify::ostree
