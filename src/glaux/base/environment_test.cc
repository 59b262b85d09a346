#include "glaux/base/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "glaux/base/secret.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

TEST(ProcessEnvironment, ReadsWhatItWroteAndKeepsItForTheOwner) {
  const testing::TempDir dir;
  const auto environment = Environment::Process();
  const std::string path = (dir.path() / "a/b.json").string();
  ASSERT_OK(environment->WriteFile(path, "one"));
  ASSERT_OK(environment->WriteFile(path, "two"));
  ASSERT_OK_AND_ASSIGN(const auto content, environment->ReadFile(path));
  EXPECT_EQ(content, "two");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(ProcessEnvironment, TellsWhatCannotBeRead) {
  const auto environment = Environment::Process();
  ASSERT_FAILS(ErrorKind::kNotFound, "/no/such/file", environment->ReadFile("/no/such/file"));
  ASSERT_FAILS(ErrorKind::kInvalid, "/tmp", environment->ReadFile("/tmp"));
}

TEST(ProcessEnvironment, AVariableInFrontOfACommandIsNotShown) {
  const auto failed = Environment::Process()->RunCommand("TOKEN=hunter2 false");
  EXPECT_EQ(failed.status().message(), "run a command: it ended with exit code 1");
}

TEST(ProcessEnvironment, RunsCommandsAndTellsTheirExitCodes) {
  const auto environment = Environment::Process();
  ASSERT_OK_AND_ASSIGN(const auto output, environment->RunCommand("printf 'a b'"));
  EXPECT_EQ(output, "a b");
  const auto failed = environment->RunCommand("sh -c 'exit 3' --password hunter2");
  ASSERT_FAILS(ErrorKind::kUnavailable, "exit code 3", failed);
  EXPECT_THAT(failed.status().message(), ::testing::Not(::testing::HasSubstr("hunter2")));
}

TEST(ProcessEnvironment, EndsACommandThatTakesTooLong) {
  const auto environment = Environment::Process(std::chrono::milliseconds(100));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_FAILS(ErrorKind::kTimeout, "run exec: it did not end in time", environment->RunCommand("exec sleep 20"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Secret, IsNotPrintedByTests) {
  EXPECT_THAT(::testing::PrintToString(Secret("hunter2")), ::testing::Not(::testing::HasSubstr("hunter2")));
}

TEST(FakeEnvironment, HasWhatItWasGiven) {
  const auto environment = MakeFakeEnvironment({{"HOME", "/home/me"}, {"EMPTY", ""}}, {{"/home/me/.x", "text"}});
  EXPECT_EQ(environment->Variable("EMPTY"), "");
  EXPECT_EQ(environment->Variable("NONE"), std::nullopt);
  EXPECT_EQ(environment->ReadFile("~/.x").ValueOrDie(), "text");
  ASSERT_OK(environment->WriteFile("~/.y", "new"));
  EXPECT_EQ(environment->ReadFile("/home/me/.y").ValueOrDie(), "new");
}

}  // namespace
}  // namespace glaux
