#include "updater/boot_menu.hpp"

#include <gtest/gtest.h>

#include "tests/support/golden.hpp"

namespace stratify::updater {
namespace {

BootEntry entry(std::string_view text) { return parse_boot_entry("ostree-1.conf", text).value(); }

TEST(ABootEntry, IsReadAsLibostreeWritesIt) {
  const auto read = entry(
      "title OpenHaven 0.1.0 (ostree:0)\nversion 2\n# comment\nlinux /ostree/a/vmlinuz\n"
      "initrd /ostree/a/initramfs.img\noptions rw ostree=/ostree/boot.1/openhaven/a/0\naboot x\n");
  EXPECT_EQ(read.title, "OpenHaven 0.1.0 (ostree:0)");
  EXPECT_EQ(read.version, 2U);
  EXPECT_EQ(read.kernel, "/ostree/a/vmlinuz");
  EXPECT_EQ(read.initrds, std::vector<std::string>{"/ostree/a/initramfs.img"});
  EXPECT_EQ(deployment_link(read), "/ostree/boot.1/openhaven/a/0");
}

TEST(ABootEntry, WithoutAKernelIsRefusedByName) {
  const auto read = parse_boot_entry("ostree-7.conf", "title x\n");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().category(), Category::kInvalidInput);
  EXPECT_EQ(read.error().object(), "ostree-7.conf");
}

TEST(ABootEntry, MayHaveSeveralInitrdsAndOptionLines) {
  const auto read = entry("linux /k\ninitrd /a\ninitrd /b\noptions rw\noptions quiet\n");
  EXPECT_EQ(read.initrds, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(read.options, "rw quiet");
}

TEST(TheBootMenu, ListsTheHighestVersionFirst) {
  auto old = entry("title Old\nversion 9\nlinux /old\noptions rw\n");
  auto fresh = entry("title New\nversion 10\nlinux /new\ninitrd /i\noptions root=LABEL=x rw\n");
  old.deployment = "aaaa.0";
  fresh.deployment = "bbbb.0";
  tests::expect_golden("updater/golden/two_deployments.cfg", render_boot_menu({old, fresh}));
}

TEST(TheBootMenu, ExecutesNothingAnEntryContains) {
  auto hostile = entry(
      "title it's '; reboot; echo ' $(x) `y` ${prefix} \\\nversion 1\nlinux /k' }; halt #\n"
      "initrd /i;x\noptions a=$b c=';halt' \"d e\" }\n");
  hostile.deployment = "x' ; halt '";
  hostile.title += "\n} halt\x7f";
  tests::expect_golden("updater/golden/hostile.cfg", render_boot_menu({hostile}));
}

TEST(TheBootMenu, KeepsQuotedBlanksOfTheCommandLineTogether) {
  const auto menu = render_boot_menu({entry("linux /k\noptions dyndbg=\"file a +p\"   rw\n")});
  EXPECT_NE(menu.find("linux '/k' 'dyndbg=file a +p' 'rw'\n"), std::string::npos) << menu;
}

// With a kernel alone GRUB would start it, and it would find no root.
TEST(TheBootMenu, LoadsNothingOfAnEntryWhoseFilesAreNotAllThere) {
  const auto menu = render_boot_menu({entry("linux /k\ninitrd /a\ninitrd /b's\n")});
  EXPECT_NE(menu.find("if [ -f '/k' -a -f '/a' -a -f '/b'\\''s' ]; then\n  linux '/k'\n"), std::string::npos)
      << menu;
}

TEST(TheBootMenu, MarksItsFirstEntryWhenThatIsOnTrial) {
  auto old = entry("title Old\nversion 1\nlinux /old\noptions rw\n");
  auto fresh = entry("title New\nversion 2\nlinux /new\ninitrd /i\noptions rw\n");
  old.deployment = "aaaa.0";
  fresh.deployment = "bbbb.0";
  tests::expect_golden("updater/golden/on_trial.cfg", render_boot_menu({old, fresh}, "bbbb.0"));
}

TEST(TheBootMenu, MarksNothingWhenAnotherDeploymentIsOnTrial) {
  auto only = entry("version 1\nlinux /k\n");
  only.deployment = "aaaa.0";
  for (const auto* trial : {"", "bbbb.0"}) {
    const auto menu = render_boot_menu({only}, trial);
    EXPECT_EQ(menu.find("haven_unconfirmed"), std::string::npos) << menu;
    EXPECT_EQ(menu.find("haven.trial"), std::string::npos) << menu;
  }
}

TEST(TheBootMenu, OfNoEntriesPutsNothingOnTrial) {
  EXPECT_NE(render_boot_menu({}).find("set haven_first=''\n"), std::string::npos);
}

}  // namespace
}  // namespace stratify::updater
