#include "glaux/base/utf8.h"

#include <gtest/gtest.h>

namespace glaux {
namespace {

TEST(ValidUtf8, KeepsWhatIsValid) {
  for (const std::string text : {"", "plain", "Größe", "\xe2\x82\xac", "\xf0\x9f\xa6\x89", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(ValidUtf8(text), text);
  }
}

TEST(ValidUtf8, ReplacesEveryByteThatIsNot) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(ValidUtf8("a\xff\xfe"), "a" + mark + mark);
  EXPECT_EQ(ValidUtf8("\xc3"), mark);                        // cut off
  EXPECT_EQ(ValidUtf8("\xc0\xaf"), mark + mark);             // overlong
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), mark + mark + mark);  // a surrogate
  EXPECT_EQ(ValidUtf8("\xf5\x80\x80\x80x"), mark + mark + mark + mark + "x");
}

}  // namespace
}  // namespace glaux
