#include "image/machine/machine.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <sstream>

#include "image/progress.hpp"
#include "platform/attached.hpp"
#include "platform/file.hpp"
#include "tests/support/golden.hpp"

namespace stratify::image {
namespace {

std::string lines(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += word + "\n";
  return text;
}

TEST(QemusCommandLine, StartsAUefiMachineWithoutHardwareVirtualisation) {
  tests::expect_golden("image/golden/qemu_uefi.txt",
                       lines(qemu_command({.disk = "/out/disk,1.qcow2",
                                           .firmware_code = "/code.fd",
                                           .firmware_variables = "/vars.fd",
                                           .seed = "/out/seed.img",
                                           .forwards = {{8080, 80}, {8443, 443}},
                                           .credentials = {{"openhaven.domain", "haven.test"}}})));
}

TEST(QemusCommandLine, StartsABiosMachineOnAHostThatVirtualises) {
  tests::expect_golden("image/golden/qemu_bios.txt", lines(qemu_command({.disk = "/out/disk.qcow2",
                                                                         .throw_away = false,
                                                                         .firmware = Firmware::kBios,
                                                                         .hardware_virtualisation = true,
                                                                         .interactive = true})));
}

TEST(QemusCommandLine, CarriesCredentialsWithCommasAndLineEnds) {
  const auto words = qemu_command({.credentials = {{"a", "x,y"}, {"b", "one\ntwo"}}});
  EXPECT_EQ(words.at(words.size() - 3), "type=11,value=io.systemd.credential:a=x,,y");
  EXPECT_EQ(words.back(), "type=11,value=io.systemd.credential.binary:b=b25lCnR3bw==");
}

TEST(AProcessor, VirtualisesOnlyWithItsFlag) {
  EXPECT_TRUE(can_virtualise("model name : x\nflags\t\t: fpu svm sse\n"));
  EXPECT_TRUE(can_virtualise("flags : fpu vmx\n"));
  EXPECT_FALSE(can_virtualise("flags : fpu vmx_not hypervisor\nvmx flags : vnmi\n"));
}

TEST(APort, ThatIsTakenIsReplacedByAFreeOne) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const auto taken = ntohs(address.sin_port);
  const auto port = free_port(taken);
  ASSERT_TRUE(port);
  EXPECT_NE(*port, taken);
  EXPECT_NE(*port, 0);
}

TEST(ASeed, HoldsTheUserDataUnderTheLabelCloudInitLooksFor) {
  const auto folder = TemporaryFolder::create("out/tmp", "seed").value();
  RealProcessRunner runner;
  ASSERT_TRUE(write_file(folder.path() / "mine.yaml", "#cloud-config\n"));
  ASSERT_TRUE(make_seed(runner, folder.path() / "seed.img", folder.path() / "mine.yaml"));
  const auto listing = runner.run({.arguments = {"mdir", "-i", folder.path() / "seed.img", "::"}})->out;
  EXPECT_NE(listing.find("CIDATA"), std::string::npos) << listing;
  const auto data =
      runner.run({.arguments = {"mtype", "-i", folder.path() / "seed.img", "::user-data"}})->out;
  EXPECT_EQ(data, "#cloud-config\n");
}

TEST(AnOverlay, OfAMissingImageSaysHowToMakeOne) {
  RealProcessRunner runner;
  const auto made = make_overlay(runner, "out/tmp/o.qcow2", "out/absent.raw", 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().category(), Category::kNotFound);
  EXPECT_NE(made.error().message().find("stratify build"), std::string::npos);
}

TEST(AnAttachedProgram, GivesItsExitCode) {
  EXPECT_EQ(run_attached({.arguments = {"false"}}), 1);
  EXPECT_EQ(run_attached({.arguments = {"absent-program"}}).error().category(), Category::kUnavailable);
}

TEST(AnAttachedProgram, IsStoppedInOurStead) {
  // As `stratify run` does it: beside the thread that keeps the clock of the progress going.
  std::ostringstream told;
  const auto progress = make_progress(ProgressStyle::kSilent, told);
  const Ticker ticker(*progress);
  // The shell's parent is this test.
  EXPECT_EQ(
      run_attached({.arguments = {"bash", "-c", "trap 'exit 7' TERM; kill -INT $PPID; sleep 20 & wait"}}), 7);
}

}  // namespace
}  // namespace stratify::image
