#include "platform/ostree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "platform/file.hpp"

namespace stratify::ostree {
namespace {

const Attributes kFolder{.mode = 0755};
const Attributes kFile{.mode = 0644};

class ARepository : public testing::Test {
 protected:
  using Files = std::map<std::string, std::string>;

  // A commit of these files and the folders they need.
  Sha256 commit(const Files& files, const std::string& ref = {}, Attributes folders = kFolder) {
    auto transaction = repository_.begin().value();
    Tree tree;
    const auto folder = transaction.write_folder(folders).value();
    EXPECT_TRUE(tree.ensure_folder("/", folder));
    for (const auto& [path, content] : files) {
      EXPECT_TRUE(tree.ensure_folder(std::filesystem::path(path).parent_path().string(), folder));
      EXPECT_TRUE(tree.replace_file(path, transaction.write_file(kFile, content).value()));
    }
    const auto result = transaction.write_commit(transaction.write_tree(tree).value(), {}).value();
    if (!ref.empty()) transaction.set_ref(ref, result);
    EXPECT_TRUE(transaction.commit());
    return result;
  }

  Sha256 commit(const Tree& tree) {
    auto transaction = repository_.begin().value();
    const auto result = transaction.write_commit(transaction.write_tree(tree).value(), {}).value();
    EXPECT_TRUE(transaction.commit());
    return result;
  }

  std::vector<std::string> paths(const Sha256& of) const {
    std::vector<std::string> paths;
    const auto entries = repository_.list(of).value();
    for (const auto& entry : entries) paths.push_back(entry.path);
    return paths;
  }

  std::filesystem::path object(const Entry& entry) const {
    return repository_.path() / "objects" / entry.checksum.hex().substr(0, 2) /
           (entry.checksum.hex().substr(2) + ".file");
  }

  void damage(const std::filesystem::path& file) { std::fstream(file, std::ios::in | std::ios::out) << "X"; }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  Repository repository_ = Repository::open_or_create(folder_.path() / "repo", Sync::kNever).value();
};

TEST_F(ARepository, GivesBackOwnersModesXattrsAndTargets) {
  auto transaction = repository_.begin().value();
  const Attributes odd{
      .uid = 7, .gid = 42, .mode = 04711, .xattrs = {{"user.colour", std::string("a\0b", 3)}}};
  Tree tree;
  ASSERT_TRUE(tree.set_folder("/", transaction.write_folder({.uid = 1, .gid = 2, .mode = 01777}).value()));
  ASSERT_TRUE(tree.replace_file("/program", transaction.write_file(odd, "content").value()));
  ASSERT_TRUE(
      tree.replace_file("/link", transaction.write_symlink({.uid = 3, .gid = 4}, "to/nowhere").value()));
  const auto version = transaction.write_commit(transaction.write_tree(tree).value(), {}).value();
  ASSERT_TRUE(transaction.commit());

  const auto program = repository_.find(version, "/program").value().value();
  EXPECT_EQ(program.attributes, odd);
  EXPECT_EQ(program.size, 7U);
  const auto link = repository_.find(version, "/link").value().value();
  EXPECT_EQ(link.kind, Kind::kSymlink);
  EXPECT_EQ(link.target, "to/nowhere");
  EXPECT_EQ(link.attributes.uid, 3U);
  EXPECT_EQ(repository_.find(version, "/").value()->attributes.mode, 01777U);
  EXPECT_EQ(repository_.read_file(version, "program"), "content");
}

TEST_F(ARepository, StreamsAFileToTheSameObjectAsInOnePiece) {
  auto transaction = repository_.begin().value();
  auto writer = transaction.open_file(kFile, 6).value();
  ASSERT_TRUE(writer.write("abc"));
  ASSERT_TRUE(writer.write("def"));
  EXPECT_EQ(writer.finish(), transaction.write_file(kFile, "abcdef"));
}

TEST_F(ARepository, RefusesAFileOfAnotherLengthThanAnnounced) {
  auto transaction = repository_.begin().value();
  auto shorter = transaction.open_file(kFile, 6).value();
  ASSERT_TRUE(shorter.write("abc"));
  EXPECT_EQ(shorter.finish().error().message(),
            "file object: cannot write: 3 bytes fewer came than were announced");
  auto longer = transaction.open_file(kFile, 2).value();
  EXPECT_EQ(longer.write("abc").error().message(),
            "file object: cannot write: more bytes came than were announced");
}

TEST_F(ARepository, GivesTheSameContentTheSameCommit) {
  EXPECT_EQ(commit({{"/usr/b", "2"}, {"/usr/a", "1"}}), commit({{"/usr/a", "1"}, {"/usr/b", "2"}}));
}

TEST_F(ARepository, ForgetsARefWhoseTransactionWasNotCommitted) {
  const auto version = commit({{"/a", "1"}});
  {
    auto transaction = repository_.begin().value();
    transaction.set_ref("dropped", version);
  }
  EXPECT_EQ(repository_.resolve("dropped").value(), std::nullopt);
}

TEST_F(ARepository, ResolvesSetsAndDeletesRefs) {
  const auto version = commit({{"/a", "1"}}, "deb/one");
  ASSERT_TRUE(repository_.set_ref("deb/two", version));
  ASSERT_TRUE(repository_.set_ref("tree/three", version));
  EXPECT_EQ(repository_.resolve("deb/two").value(), version);
  EXPECT_EQ(repository_.refs("deb/").value().size(), 2U);
  ASSERT_TRUE(repository_.delete_ref("deb/two"));
  EXPECT_EQ(repository_.resolve("deb/two").value(), std::nullopt);
}

TEST_F(ARepository, TakesTransactionsOfSeveralHandlesAtOnce) {
  const auto other = Repository::open_or_create(repository_.path(), Sync::kNever).value();
  auto one = repository_.begin().value();
  auto two = other.begin().value();
  const auto object = two.write_file(kFile, "shared").value();
  ASSERT_EQ(one.write_file(kFile, "shared").value(), object);
  ASSERT_TRUE(two.commit());
  ASSERT_TRUE(one.commit());
  EXPECT_EQ(repository_.read_object(object), "shared");
}

TEST_F(ARepository, MergesTreesWithoutTheirContent) {
  auto tree = Tree::of_commit(repository_, commit({{"/usr/bin/a", "1"}, {"/etc/x", "2"}})).value();
  ASSERT_TRUE(tree.merge(repository_, commit({{"/usr/bin/b", "3"}, {"/var/y", "4"}})));
  EXPECT_EQ(paths(commit(tree)), (std::vector<std::string>{"/etc", "/etc/x", "/usr", "/usr/bin", "/usr/bin/a",
                                                           "/usr/bin/b", "/var", "/var/y"}));
}

TEST_F(ARepository, MergesOneFolderIntoAnother) {
  auto tree = Tree::of_commit(repository_, commit({{"/usr/keep", "1"}})).value();
  const auto package = commit({{"/data/bin/a", "2"}, {"/control/control", "3"}});
  ASSERT_TRUE(tree.merge(repository_, package, {.from = "/data", .at = "/usr"}));
  EXPECT_EQ(paths(commit(tree)), (std::vector<std::string>{"/usr", "/usr/bin", "/usr/bin/a", "/usr/keep"}));
}

TEST_F(ARepository, LeavesOutWhatAMergeDoesNotKeep) {
  Tree tree;
  const auto package = commit({{"/usr/bin/a", "1"}, {"/usr/share/doc/a/copyright", "2"}});
  ASSERT_TRUE(tree.merge(repository_, package,
                         {.keep = [](std::string_view path, Kind) { return path != "/usr/share/doc"; }}));
  EXPECT_EQ(paths(commit(tree)), (std::vector<std::string>{"/usr", "/usr/bin", "/usr/bin/a", "/usr/share"}));
}

TEST_F(ARepository, TreatsDifferentFilesAtOnePathAsAsked) {
  const auto one = commit({{"/usr/a", "1"}});
  const auto two = commit({{"/usr/a", "2"}});
  auto refusing = Tree::of_commit(repository_, one).value();
  EXPECT_EQ(refusing.merge(repository_, two).error().message(),
            "/usr/a: cannot merge: both sides have it, and they differ");
  auto replacing = Tree::of_commit(repository_, one).value();
  ASSERT_TRUE(replacing.merge(repository_, two, {.files = OnConflict::kReplace}));
  EXPECT_EQ(repository_.read_file(commit(replacing), "/usr/a"), "2");
  auto keeping = Tree::of_commit(repository_, one).value();
  ASSERT_TRUE(keeping.merge(repository_, two, {.files = OnConflict::kKeep}));
  EXPECT_EQ(repository_.read_file(commit(keeping), "/usr/a"), "1");
}

TEST_F(ARepository, RefusesAFolderInPlaceOfAFile) {
  auto tree = Tree::of_commit(repository_, commit({{"/usr/a", "1"}})).value();
  const auto folder = commit({{"/usr/a/b", "1"}});
  EXPECT_EQ(tree.merge(repository_, folder).error().message(),
            "/usr/a: cannot merge: a folder would replace a file");
  ASSERT_TRUE(tree.merge(repository_, folder, {.files = OnConflict::kReplace}));
  EXPECT_EQ(repository_.read_file(commit(tree), "/usr/a/b"), "1");
}

TEST_F(ARepository, KeepsTheFirstAttributesOfASharedFolderUnlessAsked) {
  const auto closed = commit({{"/a", "1"}}, {}, {.mode = 0700});
  auto tree = Tree::of_commit(repository_, commit({{"/b", "2"}})).value();
  ASSERT_TRUE(tree.merge(repository_, closed));
  EXPECT_EQ(repository_.find(commit(tree), "/").value()->attributes.mode, 0755U);
  ASSERT_TRUE(tree.merge(repository_, closed, {.replace_attributes = true}));
  EXPECT_EQ(repository_.find(commit(tree), "/").value()->attributes.mode, 0700U);
}

TEST_F(ARepository, RemovesFilesAndWholeFolders) {
  auto tree =
      Tree::of_commit(repository_, commit({{"/usr/a", "1"}, {"/usr/b/c", "2"}, {"/etc/d", "3"}})).value();
  ASSERT_TRUE(tree.remove("/usr/b"));
  ASSERT_TRUE(tree.remove("/etc/d"));
  EXPECT_EQ(tree.remove("/usr/b").error().category(), Category::kNotFound);
  EXPECT_EQ(paths(commit(tree)), (std::vector<std::string>{"/etc", "/usr", "/usr/a"}));
}

TEST_F(ARepository, RefusesPathsThatClimb) {
  Tree tree;
  EXPECT_EQ(tree.remove("/usr/../etc").error().message(),
            "/usr/../etc: cannot use path: a path in a tree has no '.' or '..'");
}

TEST_F(ARepository, RefusesATreeWithoutAttributes) {
  auto transaction = repository_.begin().value();
  EXPECT_FALSE(transaction.write_tree(Tree()));
}

TEST_F(ARepository, ChecksOutHardLinks) {
  const auto version = commit({{"/usr/bin/a", "1"}});
  ASSERT_TRUE(repository_.checkout(version, folder_.path() / "out", {.from = "/usr"}));
  struct stat linked{};
  ASSERT_EQ(::stat((folder_.path() / "out/bin/a").c_str(), &linked), 0);
  EXPECT_EQ(linked.st_nlink, 2U);
}

TEST_F(ARepository, ChecksOutOverAnExistingTreeAsAsked) {
  const auto destination = folder_.path() / "out";
  ASSERT_TRUE(repository_.checkout(commit({{"/a", "1"}, {"/b", "1"}}), destination));
  const auto two = commit({{"/a", "2"}, {"/c", "2"}});
  EXPECT_FALSE(repository_.checkout(two, destination));
  ASSERT_TRUE(repository_.checkout(two, destination, {.existing = CheckoutOptions::Existing::kKeep}));
  EXPECT_EQ(read_file(destination / "a"), "1");
  ASSERT_TRUE(repository_.checkout(two, destination, {.existing = CheckoutOptions::Existing::kReplace}));
  EXPECT_EQ(read_file(destination / "a"), "2");
  EXPECT_EQ(read_file(destination / "b"), "1");
}

TEST_F(ARepository, KeepsMetadataOfACommit) {
  const auto root = repository_.root_of(commit({{"/a", "1"}})).value();
  auto transaction = repository_.begin().value();
  const std::map<std::string, MetadataValue> metadata{{"version", std::string("1.0")},
                                                      {"bootable", true},
                                                      {"size", std::uint64_t{5}},
                                                      {"list", std::vector<std::string>{"a", "b"}}};
  const auto version =
      transaction.write_commit(root, {.subject = "Release", .timestamp = 1, .metadata = metadata}).value();
  ASSERT_TRUE(transaction.commit());
  EXPECT_EQ(repository_.metadata_of(version), metadata);
}

TEST_F(ARepository, NamesTheObjectThatIsDamaged) {
  const auto version = commit({{"/usr/a", "123"}});
  ASSERT_TRUE(repository_.verify(version));
  const auto entry = repository_.find(version, "/usr/a").value().value();
  damage(object(entry));
  const auto error = repository_.verify(version).error();
  EXPECT_EQ(error.category(), Category::kVerification);
  EXPECT_EQ(error.object(), entry.checksum.hex() + ".file");
}

TEST_F(ARepository, DiscardsWhatIsDamaged) {
  const auto version = commit({{"/usr/a", "123"}, {"/usr/b", "456"}});
  EXPECT_EQ(repository_.discard_damage({version}).value(), std::vector<std::string>());
  const auto entry = repository_.find(version, "/usr/a").value().value();
  damage(object(entry));
  const std::vector<std::string> damaged{entry.checksum.hex() + ".file"};
  EXPECT_EQ(repository_.discard_damage({version}).value(), damaged);
  EXPECT_FALSE(std::filesystem::exists(object(entry)));
  EXPECT_EQ(repository_.discard_damage({version}).value(), damaged);  // as long as it is missing
}

TEST_F(ARepository, PrunesWhatNoRefNeeds) {
  const auto kept = commit({{"/a", "kept"}}, "kept");
  const auto dropped = commit({{"/b", "dropped"}});
  EXPECT_GT(repository_.prune().value(), 0U);
  EXPECT_TRUE(repository_.verify(kept));
  EXPECT_EQ(repository_.verify(dropped).error().category(), Category::kNotFound);
}

TEST_F(ARepository, LosesOnlyTheRefsThatNeedADamagedObject) {
  commit({{"/a", "sound"}}, "sound");
  const auto broken = commit({{"/a", "broken"}}, "broken");
  const auto file = object(repository_.find(broken, "/a").value().value());
  damage(file);
  ASSERT_TRUE(write_file(repository_.path() / "refs/heads/empty", ""));
  EXPECT_EQ(repository_.repair().value().lost_refs, (std::vector<std::string>{"empty", "broken"}));
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_TRUE(repository_.resolve_usable("sound").value());
}

TEST_F(ARepository, IsRepairedWhenItWasWrittenInAnEarlierBootWithoutSync) {
  const auto version = commit({{"/a", "1"}}, "version");
  damage(object(repository_.find(version, "/a").value().value()));
  ASSERT_TRUE(write_file(repository_.path() / "unsynced", "another boot\n"));
  const auto reopened = Repository::open_or_create(repository_.path(), Sync::kNever).value();
  EXPECT_EQ(reopened.resolve("version").value(), std::nullopt);
}

TEST_F(ARepository, OwesNoCheckOnceItIsSynced) {
  EXPECT_TRUE(std::filesystem::exists(repository_.path() / "unsynced"));
  ASSERT_TRUE(repository_.sync());
  EXPECT_FALSE(std::filesystem::exists(repository_.path() / "unsynced"));
}

TEST_F(ARepository, DoesNotTrustARefWhoseRootIsGone) {
  const auto version = commit({{"/a", "1"}}, "version");
  const auto tree = repository_.root_of(version).value().tree().hex();
  std::filesystem::remove(repository_.path() / "objects" / tree.substr(0, 2) / (tree.substr(2) + ".dirtree"));
  EXPECT_TRUE(repository_.resolve("version").value());
  EXPECT_EQ(repository_.resolve_usable("version").value(), std::nullopt);
}

TEST(AFolderThatIsNoRepository, IsNamed) {
  const auto error = Repository::open("/nowhere/repo").error();
  EXPECT_EQ(error.category(), Category::kNotFound);
  EXPECT_EQ(error.object(), "/nowhere/repo");
}

}  // namespace
}  // namespace stratify::ostree
