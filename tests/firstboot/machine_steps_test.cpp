#include "firstboot/machine_steps.hpp"

#include <gtest/gtest.h>

#include "platform/file.hpp"
#include "stack/secrets.hpp"
#include "tests/support/fake_units.hpp"

namespace stratify::firstboot {
namespace {

class TheStepsOnAMachine : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create(testing::TempDir()).value();
  std::filesystem::path configuration_ = folder_.path() / "etc/openhaven/cloud.yaml";
  stack::Domain domain_ = stack::Domain::parse("cloud.test").value();
  stratify::tests::FakeUnits units_;
  MachineSteps steps_{units_, {.root = folder_.path()}};
  std::vector<std::string> reported_;
  Report report_ = [this](std::string_view line) { reported_.emplace_back(line); };
};

TEST_F(TheStepsOnAMachine, MakeAPasswordThatOpensTheUsersFile) {
  const auto password = steps_.make_secrets(domain_);
  ASSERT_TRUE(password) << password.error().message();
  const auto users = read_file(folder_.path() / stack::kSecretsFolder / "users").value();
  ASSERT_TRUE(users.starts_with("owner:"));
  const auto hash = users.substr(6, users.find('\n') - 6);
  EXPECT_TRUE(stack::password_matches(std::string(password->reveal()), hash));
}

TEST_F(TheStepsOnAMachine, WriteTheDomainOnceAndTouchNothingAfterwards) {
  ASSERT_TRUE(steps_.write_configuration(domain_));
  EXPECT_TRUE(read_file(configuration_).value().ends_with("domain: cloud.test\n"));
  ASSERT_TRUE(write_file(configuration_, "# mine\ndomain: cloud.test\n"));
  ASSERT_TRUE(steps_.write_configuration(domain_));
  EXPECT_EQ(read_file(configuration_), "# mine\ndomain: cloud.test\n");
}

TEST_F(TheStepsOnAMachine, RestartTheStackAndTellWhatItSays) {
  units_.says = {"starting Files"};
  ASSERT_TRUE(steps_.start_stack(domain_, report_));
  EXPECT_EQ(units_.jobs, (std::vector<UnitJob>{{UnitVerb::kRestart, "haven-stack.service"}}));
  EXPECT_EQ(reported_, std::vector<std::string>{"starting Files"});
}

TEST_F(TheStepsOnAMachine, SeeHealthWhenTheUnitThatLooksForItEndsWell) {
  ASSERT_TRUE(steps_.see_health(domain_, report_));
  EXPECT_EQ(units_.jobs, (std::vector<UnitJob>{{UnitVerb::kRestart, "haven-health.service"}}));
}

TEST_F(TheStepsOnAMachine, FailWithTheLastWordsOfTheUnit) {
  units_.job_result = "failed";
  EXPECT_EQ(steps_.start_stack(domain_, report_).error().message(),
            "haven-stack.service: cannot restart: the job ended as 'failed'; see 'systemctl status "
            "haven-stack.service'");
  units_.says = {"waiting for files.cloud.test (it answers 502)", "files.cloud.test: cannot see answering"};
  const auto seen = steps_.see_health(domain_, report_);
  EXPECT_EQ(seen.error().category(), Category::kCommandFailed);
  EXPECT_EQ(seen.error().message(),
            "haven-health.service: cannot restart: files.cloud.test: cannot see answering");
}

}  // namespace
}  // namespace stratify::firstboot
