#include "glaux/base/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace glaux {
namespace {

TEST(Status, KeepsKindAndDetailWhenACallerAddsContext) {
  const Status status =
      Prefix(MakeError({.kind = ErrorKind::kNotFound, .code = "NoSuchKey", .hint = "list it"}, "no key ", 7), "load");
  EXPECT_EQ(status.message(), "load: no key 7");
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_EQ(InfoOf(status).code, "NoSuchKey");
  EXPECT_EQ(InfoOf(status).hint, "list it");
}

TEST(Status, MapsArrowErrorsWithoutDetailByTheirCode) {
  EXPECT_EQ(KindOf(Status::Invalid("x")), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(Status::Cancelled("x")), ErrorKind::kCancelled);
  EXPECT_EQ(KindOf(Status::UnknownError("x")), ErrorKind::kOther);
}

TEST(Status, TellsAFullDiskAndSaysWhatToDo) {
  const Status status = ErrnoError(ENOSPC, "write t/a.parquet");
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(status.message(), testing::HasSubstr("No space left on device"));
  EXPECT_FALSE(InfoOf(status).hint.empty());
}

TEST(Status, EveryKindHasANameAnExitCodeAndAnHttpStatus) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::kCancelled); ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    EXPECT_FALSE(KindName(kind).empty());
    EXPECT_GT(ExitCodeOf(kind), 0);
    EXPECT_GE(HttpStatusOf(kind), 400);
  }
  EXPECT_EQ(ExitCodeOf(ErrorKind::kCorrupt), 8);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kPrecondition), 412);
}

TEST(Status, AHintThatIsThereIsNotReplaced) {
  const Status status = WithHint(MakeError({.kind = ErrorKind::kInvalid, .hint = "first"}, "m"), "second");
  EXPECT_EQ(InfoOf(status).hint, "first");
  EXPECT_EQ(InfoOf(WithHint(MakeError(ErrorKind::kInvalid, "m"), "second")).hint, "second");
}

}  // namespace
}  // namespace glaux
