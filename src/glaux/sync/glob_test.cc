#include "glaux/sync/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

bool Match(std::string_view pattern, std::string_view key) {
  const auto glob = Glob::Parse(pattern);
  EXPECT_TRUE(glob.ok()) << glob.status();
  return glob.ok() && glob->Matches(key);
}

TEST(Glob, StarStaysInsideASegment) {
  EXPECT_TRUE(Match("data/*.csv", "data/a.csv"));
  EXPECT_FALSE(Match("data/*.csv", "data/x/a.csv"));
  EXPECT_TRUE(Match("data/*", "data/"));
  EXPECT_FALSE(Match("data/?", "data//"));
}

TEST(Glob, TwoStarsAreAnyNumberOfSegments) {
  EXPECT_TRUE(Match("data/**/a.csv", "data/a.csv"));
  EXPECT_TRUE(Match("data/**/a.csv", "data/x/y/a.csv"));
  EXPECT_FALSE(Match("data/**/a.csv", "data/xa.csv"));
  EXPECT_FALSE(Match("data/**/a.csv", "data/x/ya.csv"));
  EXPECT_TRUE(Match("**/a.csv", "a.csv"));
  EXPECT_TRUE(Match("data/**", "data/x/y"));
  EXPECT_TRUE(Match("a**z", "a/b/z"));
  EXPECT_TRUE(Match("**/**/a", "x/a"));
}

TEST(Glob, BracesAndSets) {
  EXPECT_TRUE(Match("{a,b{1,2}}.{csv,tsv}", "b2.tsv"));
  EXPECT_FALSE(Match("{a,b{1,2}}.{csv,tsv}", "b.tsv"));
  EXPECT_TRUE(Match("x[0-9].csv", "x7.csv"));
  EXPECT_FALSE(Match("x[!0-9].csv", "x7.csv"));
  EXPECT_TRUE(Match("x[]]", "x]"));
  EXPECT_TRUE(Match("x\\*", "x*"));
  EXPECT_FALSE(Match("x\\*", "xy"));
  EXPECT_TRUE(Match("{,a}b", "b"));
}

TEST(Glob, ManyStarsStayFast) { EXPECT_FALSE(Match("*a*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a'))); }

TEST(Glob, SaysWhereItMayMatch) {
  ASSERT_OK_AND_ASSIGN(const auto glob, Glob::Parse("data/{2025,2026}-*/x/*.csv"));
  EXPECT_EQ(glob.literal_prefix(), "data/202");
  EXPECT_FALSE(glob.is_literal());
  EXPECT_TRUE(glob.MayMatchBelow("data/2025-01/"));
  EXPECT_TRUE(glob.MayMatchBelow("data/2025-01/x/"));
  EXPECT_FALSE(glob.MayMatchBelow("data/2024-01/"));
  EXPECT_FALSE(glob.MayMatchBelow("data/2025-01/y/"));
  EXPECT_FALSE(glob.MayMatchBelow("data/2025-01/x/y/"));
}

TEST(Glob, RefusesBracesThatMakeTooMuch) {
  std::string braces;
  for (int i = 0; i < 13; ++i) braces += "{a,b}";
  ASSERT_FAILS(ErrorKind::kInvalid, "more than 4096 patterns", Glob::Parse(braces));
  ASSERT_FAILS(ErrorKind::kInvalid, "more than 2097152 characters",
               Glob::Parse("{a,b}{a,b}{a,b}{a,b}" + std::string(200'000, 'x')));
  ASSERT_FAILS(ErrorKind::kInvalid, "more than 2097152 characters",
               Glob::Parse(std::string(5'000, '{') + std::string(5'000, '}')));
  EXPECT_TRUE(Glob::Parse("{a,b}{a,b}{a,b}{a,b}" + std::string(1'000, 'x')).ok());
}

TEST(Glob, RefusesWhatIsNotClosed) {
  EXPECT_EQ(KindOf(Glob::Parse("a[b").status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(Glob::Parse("a{b,c").status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(Glob::Parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}").status()),
            ErrorKind::kInvalid);
}

}  // namespace
}  // namespace glaux
