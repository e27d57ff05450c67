// Writes the start corpus of delta_fuzz: the delta file of a small commit.
#include <filesystem>

#include "platform/file.hpp"
#include "platform/ostree_publish.hpp"

namespace {

using namespace stratify;
namespace fs = std::filesystem;

// Bytes of the file.
Result<std::uint64_t> write_seed(const fs::path& corpus) {
  const auto work = TRY(TemporaryFolder::create(fs::temp_directory_path(), "delta-seeds"));
  const auto web = TRY(ostree::open_or_create_archive(work.path() / "web"));
  auto transaction = TRY(web.begin());
  ostree::Tree tree;
  TRY(tree.set_folder("/", TRY(transaction.write_folder({.mode = 0755}))));
  TRY(tree.replace_file("/a", TRY(transaction.write_file({}, "some text, and some text"))));
  TRY(tree.replace_file("/b", TRY(transaction.write_symlink({}, "a"))));
  const auto commit = TRY(transaction.write_commit(TRY(transaction.write_tree(tree)), {.timestamp = 1}));
  TRY(transaction.commit());
  return ostree::make_delta_file(web.path(), commit, corpus / "seed.delta");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return write_seed(argv[1]) ? 0 : 1;
}
