#include "image/compose/dpkg_database.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"

namespace stratify::image {
namespace {

constexpr auto kControl =
    "Package: libx\nMulti-Arch: same\nArchitecture: amd64\nDescription: short\n long line\n "
    "another\nVersion: 1\n";

TEST(AControlField, IncludesItsContinuationLines) {
  EXPECT_EQ(control_field(kControl, "Description"), "short\n long line\n another");
  EXPECT_EQ(control_field(kControl, "Version"), "1");
  EXPECT_EQ(control_field(kControl, "Desc"), "");
}

TEST(APackageOfSeveralArchitectures, HasTheArchitectureInItsFileNames) {
  const UnpackedPackage package{.name = "libx", .commit = Sha256::of(""), .control = kControl};
  EXPECT_EQ(package.info_name(), "libx:amd64");
}

TEST(AStatusFile, LosesTheParagraphsOfRemovedPackages) {
  EXPECT_EQ(without_packages("Package: a\nVersion: 1\n\nPackage: b\n\nPackage: c\n\n", {"b"}),
            "Package: a\nVersion: 1\n\nPackage: c\n\n");
}

class AnUnpackedPackage : public testing::Test {
 protected:
  // As unpack_deb leaves it: data/ and control/.
  UnpackedPackage commit_package(ostree::Transaction& transaction) {
    ostree::Tree package;
    const auto folder = transaction.write_folder({.mode = 0755}).value();
    EXPECT_TRUE(package.set_folder("/", folder));
    const std::map<std::string, std::string> files = {
        {"/data/etc/x.conf", "setting\n"},
        {"/data/usr/lib/x/file", "data"},
        {"/control/control", kControl},
        {"/control/conffiles", "/etc/x.conf\n"},
        {"/control/triggers", "interest-noawait /usr/lib/x\ninterest named\n"},
        {"/control/postinst", "#!/bin/sh\n"}};
    for (const auto& [path, content] : files) {
      EXPECT_TRUE(package.ensure_folder(path.substr(0, path.rfind('/')), folder));
      EXPECT_TRUE(package.replace_file(path, transaction.write_file({}, content).value()));
    }
    const auto commit = transaction.write_commit(transaction.write_tree(package).value(), {}).value();
    return {.name = "libx", .commit = commit, .control = kControl};
  }

  std::string file(const ostree::Tree& tree, const std::string& name) {
    return repository_.read_object(tree.find("/var/lib/dpkg/" + name).value()->checksum).value();
  }

  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  ostree::Repository repository_ = ostree::Repository::open_or_create(folder_.path() / "repo").value();
};

TEST_F(AnUnpackedPackage, IsRecordedAsDpkgWouldHave) {
  auto first = repository_.begin().value();
  const auto package = commit_package(first);
  ASSERT_TRUE(first.commit());

  auto transaction = repository_.begin().value();
  ostree::Tree tree;
  ASSERT_TRUE(tree.set_folder("/", transaction.write_folder({.mode = 0755}).value()));
  ASSERT_TRUE(tree.merge(repository_, package.commit, {.from = "/data"}));
  const auto written = write_dpkg_database(repository_, transaction, tree, {package});
  ASSERT_TRUE(written) << written.error().message();
  ASSERT_TRUE(transaction.commit());

  EXPECT_EQ(file(tree, "status"),
            "Package: libx\nStatus: install ok unpacked\nMulti-Arch: same\nArchitecture: amd64\n"
            "Description: short\n long line\n another\nVersion: 1\n"
            "Conffiles:\n /etc/x.conf 2c1d4f59f062ce424618f4d25961fb76\n\n");
  EXPECT_EQ(file(tree, "info/libx:amd64.list"),
            "/.\n/etc\n/etc/x.conf\n/usr\n/usr/lib\n/usr/lib/x\n/usr/lib/x/file\n");
  EXPECT_EQ(file(tree, "info/libx:amd64.postinst"), "#!/bin/sh\n");
  EXPECT_EQ(file(tree, "triggers/File"), "/usr/lib/x libx:amd64/noawait\n");
  EXPECT_EQ(file(tree, "triggers/named"), "libx:amd64\n");
}

}  // namespace
}  // namespace stratify::image
