#include "glaux/sql/literal.h"

#include "glaux/testing/matchers.h"

namespace glaux::sql {
namespace {

TEST(Literal, IsOneValueAndNothingElse) {
  for (const char* text : {"5", "-2.5", "+1e-3", ".5", "true", "NULL", "'it''s'", "''", "date '2025-01-31'",
                           "TIMESTAMP '2025-01-31 08:30:00'", " 7 "}) {
    EXPECT_TRUE(IsLiteral(text)) << text;
    EXPECT_EQ(ToLiteral(text), text);
  }
  for (const char* text : {"", "-", "1e", "abc", "1 or 1=1", "'a' or 'b'", "'a''", "current_date", "date",
                           "date 'x' --", "(select 1)", "'a'; drop table t"}) {
    EXPECT_FALSE(IsLiteral(text)) << text;
  }
}

TEST(Literal, QuotesWhatIsNone) {
  EXPECT_EQ(ToLiteral("it's"), "'it''s'");
  EXPECT_EQ(ToLiteral("x' or 'a'='a"), "'x'' or ''a''=''a'");
}

Result<std::string> Bind(std::string_view sql, const std::vector<std::string>& literals) {
  return BindLiterals(sql, literals);
}

TEST(BindLiterals, PutsEachIntoItsPlace) {
  EXPECT_EQ(Bind("SELECT ?, a FROM t WHERE b=?", {"1", "'x'"}).ValueOrDie(), "SELECT  1 , a FROM t WHERE b= 'x' ");
  EXPECT_EQ(Bind("SELECT -?", {"-1"}).ValueOrDie(), "SELECT - -1 ");
  EXPECT_EQ(Bind("SELECT 1", {}).ValueOrDie(), "SELECT 1");
}

TEST(BindLiterals, LeavesTextsNamesAndCommentsAlone) {
  EXPECT_EQ(Bind("SELECT '?''?', \"a?\" /* ? */ -- ?\n, ?", {"7"}).ValueOrDie(),
            "SELECT '?''?', \"a?\" /* ? */ -- ?\n,  7 ");
}

TEST(BindLiterals, CountsPlaces) {
  ASSERT_FAILS(ErrorKind::kInvalid, "2 places", Bind("SELECT ?, ?", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "0 places", Bind("SELECT '?'", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "0 are given", Bind("SELECT ?", {}));
}

TEST(BindLiterals, RefusesTextsWhoseEndItCannotTell) {
  ASSERT_FAILS(ErrorKind::kInvalid, "single quotes", Bind("SELECT E'it\\'s ?'", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "single quotes", Bind("SELECT $$ ? $$", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "does not end", Bind("SELECT '?", {"1"}));
}

TEST(TextLiteral, CannotBeLeft) {
  EXPECT_EQ(TextLiteral("x' OR '1'='1").ValueOrDie(), "'x'' OR ''1''=''1'");
  EXPECT_EQ(QuotedName("a\"b"), "\"a\"\"b\"");
  ASSERT_FAILS(ErrorKind::kInvalid, "NUL", TextLiteral(std::string_view("a\0b", 3)));
}

TEST(Explain, TakesTheQueryBehindItsOptions) {
  const auto io = ParseExplain("explain (type io, format json) select 1");
  ASSERT_TRUE(io.has_value());
  EXPECT_TRUE(io->io);
  EXPECT_EQ(io->query, " select 1");
  const auto plan = ParseExplain("EXPLAIN /* of */ (FORMAT JSON)\nSELECT 1");
  ASSERT_TRUE(plan.has_value());
  EXPECT_FALSE(plan->io);
  for (const char* sql : {"explain select 1", "explain (format text) select 1", "explain analyze select 1", "select 1",
                          "explain (analyze) select 1", "explain (type io"}) {
    EXPECT_FALSE(ParseExplain(sql).has_value()) << sql;
  }
}

}  // namespace
}  // namespace glaux::sql
