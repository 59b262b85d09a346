#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "errors.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"
#include "output_file.h"
#include "progress_bar.h"
#include "signals.h"

namespace glaux::cli {
namespace {

using glaux::testing::ReadFileOrDie;
using glaux::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;

size_t FilesIn(const TempDir& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

TEST(OutputFile, AppearsAtCommitAndNotBefore) {
  TempDir folder;
  ASSERT_OK_AND_ASSIGN(auto file, OutputFile::Open(folder / "a.csv", ""));
  ASSERT_OK(file->stream()->Write("rows"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.csv"));
  ASSERT_OK(file->Commit());
  EXPECT_EQ(ReadFileOrDie(folder / "a.csv"), "rows");
  EXPECT_EQ(FilesIn(folder), 1u);
}

TEST(OutputFile, LeavesTheOldFileAndNoOtherWithoutCommit) {
  TempDir folder;
  folder.Write("a.csv", "old");
  {
    ASSERT_OK_AND_ASSIGN(auto file, OutputFile::Open(folder / "a.csv", ""));
    ASSERT_OK(file->stream()->Write("new"));
  }
  EXPECT_EQ(ReadFileOrDie(folder / "a.csv"), "old");
  EXPECT_EQ(FilesIn(folder), 1u);
}

TEST(OutputFile, KeepsTheRightsOfTheOldFileAndReplacesWhatALinkMeans) {
  TempDir folder;
  folder.Write("real.csv", "old");
  ASSERT_EQ(::chmod((folder / "real.csv").c_str(), 0640), 0);
  std::filesystem::create_symlink(folder / "real.csv", folder / "link.csv");
  ASSERT_OK_AND_ASSIGN(auto file, OutputFile::Open(folder / "link.csv", ""));
  ASSERT_OK(file->stream()->Write("new"));
  ASSERT_OK(file->Commit());
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.csv"));
  EXPECT_EQ(ReadFileOrDie(folder / "real.csv"), "new");
  struct stat info {};
  ASSERT_EQ(::stat((folder / "real.csv").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST(OutputFile, CompressesOnTheWay) {
  TempDir folder;
  ASSERT_OK_AND_ASSIGN(auto file, OutputFile::Open(folder / "a.csv.gz", "gzip"));
  ASSERT_OK(file->stream()->Write("rows"));
  ASSERT_OK(file->Commit());
  EXPECT_TRUE(ReadFileOrDie(folder / "a.csv.gz").starts_with("\x1f\x8b"));
}

TEST(OutputFile, RefusesFoldersAndPathsThatAreNotThere) {
  TempDir folder;
  ASSERT_FAILS(ErrorKind::kInvalid, "folder", OutputFile::Open(folder.path().string(), ""));
  ASSERT_FAILS(ErrorKind::kNotFound, "none/a.csv", OutputFile::Open(folder / "none/a.csv", ""));
}

TEST(OutputFile, WritesDevicesInPlaceAndTellsThatADiskIsFull) {
  ASSERT_OK_AND_ASSIGN(auto null, OutputFile::Open("/dev/null", ""));
  ASSERT_OK(null->stream()->Write("x"));
  ASSERT_OK(null->Commit());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  ASSERT_OK_AND_ASSIGN(auto full, OutputFile::Open("/dev/full", ""));
  ASSERT_FAILS(ErrorKind::kUnavailable, "/dev/full", full->stream()->Write("x"));
}

TEST(DescriptorStream, TellsAReaderThatWentAwayFromOtherErrors) {
  ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_TRUE(IsBrokenPipe(MakeDescriptorStream(ends[1], "pipe")->Write("x")));
  ::close(ends[1]);
  const auto closed = MakeDescriptorStream(ends[1], "pipe")->Write("x");
  EXPECT_FALSE(closed.ok());
  EXPECT_FALSE(IsBrokenPipe(closed));
  EXPECT_FALSE(IsBrokenPipe(Status::OK()));
}

TEST(RenderProgress, SaysShareRateAndWhatIsLeft) {
  const ProgressView view{
      .phase = "load", .done = 500'000'000, .total = 2'000'000'000, .elapsed = std::chrono::seconds(5)};
  EXPECT_EQ(RenderProgress(view, {.width = 80}),
            "load  ======..................  25 %  500.0 MB of 2.0 GB  100.0 MB/s  15 s left");
}

TEST(RenderProgress, NeverReachesTheLastCell) {
  const ProgressView view{
      .phase = "load", .done = 1'999'999'999, .total = 2'000'000'000, .elapsed = std::chrono::hours(5)};
  for (int width = 2; width < 120; ++width) {
    EXPECT_LT(RenderProgress(view, {.width = width}).size(), static_cast<size_t>(width));
  }
  EXPECT_THAT(RenderProgress(view, {.width = 80}), HasSubstr(" 99 %"));
}

TEST(RenderProgress, CountsWhatHasNoTotal) {
  EXPECT_EQ(RenderProgress({.phase = "query", .elapsed = std::chrono::seconds(3)}, {.width = 80}), "query  3 s");
  EXPECT_EQ(RenderProgress({.phase = "list", .done = 3'000, .elapsed = std::chrono::seconds(3)}, {.width = 80}),
            "list  3.0 kB  1.0 kB/s  3 s");
}

TEST(ProgressBar, PrintsOnlyNotesWhereThereIsNoTerminal) {
  std::string written;
  {
    ProgressBar bar({}, false, [&](std::string_view text) { written += text; });
    bar.Begin("load", 10);
    bar.Advance(10);
    bar.Note("types come from a sample\x1b[2J");
    bar.End();
  }
  EXPECT_EQ(written, "types come from a sample\\x1b[2J\n");
}

TEST(ProgressBar, ShowsNothingForShortWork) {
  std::string written;
  {
    ProgressBar bar({.interactive = true, .width = 80}, true, [&](std::string_view text) { written += text; });
    bar.Begin("load", 10);
    bar.Advance(10);
  }
  EXPECT_EQ(written, "");
}

TEST(DescribeError, ShowsMessageServiceAndHint) {
  const auto error = MakeError({.kind = ErrorKind::kNotFound,
                                .service = "s3",
                                .operation = "GetObject",
                                .code = "NoSuchKey",
                                .http_status = 404,
                                .request_id = "4442587FB7D0A2F9",
                                .hint = "glaux tables lists what there is"},
                               "get s3://lake/a.parquet: no such key");
  EXPECT_EQ(DescribeError(error, {}),
            "glaux: error: get s3://lake/a.parquet: no such key\n"
            "  service: s3 GetObject, code NoSuchKey, HTTP status 404, request id 4442587FB7D0A2F9\n"
            "hint: glaux tables lists what there is\n");
}

TEST(DescribeError, KeepsLinesAndDisarmsControlCharacters) {
  EXPECT_EQ(DescribeError(MakeError(ErrorKind::kInvalid, "syntax error\nselect \x1b]0;x\n       ^\n"), {}),
            "glaux: error: syntax error\nselect \\x1b]0;x\n       ^\n");
  EXPECT_THAT(DescribeError(MakeError(ErrorKind::kInvalid, "x"), {.colors = true}),
              HasSubstr("\x1b[1;31merror:\x1b[0m"));
}

TEST(DescribeError, LeavesOutMarksThatOnlyOurOwnCodeReads) {
  EXPECT_THAT(DescribeError(MakeError({.kind = ErrorKind::kInvalid, .code = "TypeConflict"}, "x"), {}),
              Not(HasSubstr("TypeConflict")));
}

TEST(SignalGuard, TheFirstSignalRequestsAStopAndCallsTheAction) {
  arrow::StopSource source;
  ASSERT_OK_AND_ASSIGN(auto guard, SignalGuard::Install(&source));
  std::mutex mutex;
  std::condition_variable changed;
  bool called = false;
  guard->OnStop([&] {
    std::lock_guard lock(mutex);
    called = true;
    changed.notify_all();
  });
  EXPECT_FALSE(source.token().IsStopRequested());
  ::raise(SIGINT);
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return called; }));
  }
  EXPECT_TRUE(source.token().IsStopRequested());
  bool late = false;
  guard->OnStop([&] { late = true; });
  EXPECT_TRUE(late);
  guard->OnStop({});
}

TEST(SignalGuard, TheSecondSignalEndsTheProgramWith130) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        arrow::StopSource source;
        auto guard = SignalGuard::Install(&source).ValueOrDie();
        ::raise(SIGTERM);
        ::raise(SIGINT);
      },
      ::testing::ExitedWithCode(130), "");
}

TEST(SignalGuard, ASignalAfterTheWorkLeavesTheExitCodeAsItIs) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        arrow::StopSource source;
        SignalGuard::Install(&source).ValueOrDie().reset();
        ::raise(SIGINT);
        _exit(source.token().IsStopRequested() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace glaux::cli
