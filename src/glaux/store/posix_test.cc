#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "glaux/store/object_store.h"
#include "glaux/store/posix_internal.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::posix {
namespace {

using glaux::testing::ReadFileOrDie;
using glaux::testing::TempDir;

// Both ways of opening a path must refuse the same things.
using OpenFunction = int (*)(int, const std::string&, int, mode_t);

class Open : public ::testing::TestWithParam<OpenFunction> {
 protected:
  void SetUp() override {
    dir.Write("root/a/b/file", "x");
    dir.Write("outside/file", "x");
    std::filesystem::create_directory_symlink(dir / "outside", dir / "root/out");
    std::filesystem::create_directory_symlink("a", dir / "root/in");
    std::filesystem::create_symlink("b/file", dir / "root/a/link");
    root = Fd(::open((dir / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  // 0 or the negative of errno.
  int Try(const std::string& path, int flags) {
    const Fd fd(GetParam()(root.get(), path, flags, 0600));
    return std::min(fd.get(), 0);
  }

  TempDir dir;
  Fd root;
};

TEST_P(Open, FindsFilesFoldersAndTheRoot) {
  EXPECT_EQ(Try("a/b/file", O_RDONLY), 0);
  EXPECT_EQ(Try("a/b", O_RDONLY | O_DIRECTORY), 0);
  EXPECT_EQ(Try("", O_RDONLY | O_DIRECTORY), 0);
  EXPECT_EQ(Try("a/b/new", O_RDWR | O_CREAT | O_EXCL), 0);
  EXPECT_EQ(Try("a/b/new", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
}

TEST_P(Open, TellsWhatIsMissing) {
  EXPECT_EQ(Try("a/missing", O_RDONLY), -ENOENT);
  EXPECT_EQ(Try("missing/file", O_RDONLY), -ENOENT);
  EXPECT_EQ(Try("a/b/file/below", O_RDONLY), -ENOTDIR);
}

TEST_P(Open, FollowsNoLink) {
  for (const char* path : {"out/file", "in/b/file", "a/link", "out", "in"}) {
    const int error = Try(path, O_RDONLY);
    EXPECT_TRUE(error == -ELOOP || error == -ENOTDIR) << path << ": " << error;
  }
}

INSTANTIATE_TEST_SUITE_P(Beneath, Open, ::testing::Values(&OpenBeneath));
INSTANTIATE_TEST_SUITE_P(StepByStep, Open, ::testing::Values(&OpenStepByStep));

TEST(CopyBytes, CopiesARangeAndSaysWhenTheSourceEnds) {
  const TempDir dir;
  const Fd from(::open(dir.Write("from", "0123456789").c_str(), O_RDONLY | O_CLOEXEC));
  const Fd to(::open(dir.Write("to", "abcdef").c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(CopyBytes(from.get(), 3, to.get(), 2, 3), 0);
  EXPECT_EQ(ReadFileOrDie(dir / "to"), "ab345f");
  EXPECT_EQ(CopyBytes(from.get(), 8, to.get(), 0, 5), -ENODATA);
}

TEST(RenameIfAbsent, KeepsWhatIsThere) {
  const TempDir dir;
  dir.Write("from", "new");
  dir.Write("to", "old");
  const Fd root(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(RenameIfAbsent(root.get(), "from", root.get(), "to"), -EEXIST);
  EXPECT_EQ(ReadFileOrDie(dir / "to"), "old");
  EXPECT_EQ(RenameIfAbsent(root.get(), "from", root.get(), "free"), 0);
  EXPECT_EQ(ReadFileOrDie(dir / "free"), "new");
  EXPECT_EQ(RenameIfAbsent(root.get(), "from", root.get(), "more"), -ENOENT);
}

}  // namespace
}  // namespace glaux::posix
