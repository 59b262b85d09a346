#include "glaux/base/clock.h"

#include <gtest/gtest.h>

#include "glaux/base/random.h"

namespace glaux {
namespace {

TEST(Timestamp, PrintsAndReadsBack) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-01-31T08:30:00.123456Z", "1969-12-31T23:59:59.500000Z"}) {
    const auto time = ParseTimestamp(text);
    ASSERT_TRUE(time.ok()) << time.status();
    EXPECT_EQ(FormatTimestamp(*time), text);
  }
}

TEST(Timestamp, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T-1:00:00Z",
        "2026-01-01T00:00:-5Z", "-123-01-01T00:00:00Z", " 026-01-01T00:00:00Z", "2026-1-01T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z "}) {
    EXPECT_EQ(KindOf(ParseTimestamp(text).status()), ErrorKind::kInvalid) << text;
  }
}

TEST(NewId, IsUniqueAndSortsByTime) {
  const std::string first = NewId(), second = NewId();
  EXPECT_EQ(first.size(), 32u);
  EXPECT_NE(first, second);
  EXPECT_LE(first.substr(0, 12), second.substr(0, 12));
}

}  // namespace
}  // namespace glaux
