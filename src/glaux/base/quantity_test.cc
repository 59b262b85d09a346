#include "glaux/base/quantity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using std::chrono::milliseconds;

TEST(ByteSize, KnowsUnitsOf1024AndOf1000) {
  EXPECT_EQ(ParseByteSize("4096").ValueOrDie(), 4096);
  EXPECT_EQ(ParseByteSize("64K").ValueOrDie(), 64 << 10);
  EXPECT_EQ(ParseByteSize("64KiB").ValueOrDie(), 64 << 10);
  EXPECT_EQ(ParseByteSize("64kb").ValueOrDie(), 64'000);
  EXPECT_EQ(ParseByteSize(" 1.5 G ").ValueOrDie(), 3LL << 29);
  EXPECT_EQ(ParseByteSize("2T").ValueOrDie(), 2LL << 40);
  EXPECT_EQ(ParseByteSize("10B").ValueOrDie(), 10);
  EXPECT_EQ(ParseByteSize("0").ValueOrDie(), 0);
}

TEST(ByteSize, RefusesWhatIsNoSize) {
  for (const auto* text : {"", "x", "-1", "1X", "1KX", "K", "1 2", "nan", "inf", "99999999999T", "1e400"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "not a size", ParseByteSize(text));
  }
}

TEST(Duration, KnowsItsUnits) {
  EXPECT_EQ(ParseDuration("500ms").ValueOrDie(), milliseconds(500));
  EXPECT_EQ(ParseDuration("30").ValueOrDie(), milliseconds(30'000));
  EXPECT_EQ(ParseDuration("1.5m").ValueOrDie(), milliseconds(90'000));
  EXPECT_EQ(ParseDuration("2d").ValueOrDie(), milliseconds(172'800'000));
  EXPECT_EQ(ParseDuration("36500d").ValueOrDie(), std::chrono::days(36'500));
  for (const auto* text : {"", "soon", "-1s", "1y", "1e300h", "36500.1d"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "not a duration", ParseDuration(text));
  }
}

TEST(Character, HasNamesForWhatIsHardToType) {
  EXPECT_EQ(ParseCharacter(";").ValueOrDie(), ';');
  EXPECT_EQ(ParseCharacter("tab").ValueOrDie(), '\t');
  EXPECT_EQ(ParseCharacter("\\t").ValueOrDie(), '\t');
  EXPECT_EQ(ParseCharacter("Pipe").ValueOrDie(), '|');
  for (const auto* text : {"", "ab", "ä", "\n"})
    ASSERT_FAILS(ErrorKind::kInvalid, "not one ASCII", ParseCharacter(text));
}

}  // namespace
}  // namespace glaux
