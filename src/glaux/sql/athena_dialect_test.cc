#include "glaux/sql/athena_dialect.h"

#include <gtest/gtest.h>

#include <string>

namespace glaux::sql {
namespace {

TEST(AthenaToDuckDB, LeavesWhatIsTheSame) {
  for (const std::string text :
       {"SELECT a, \"b c\", 'it''s' FROM t -- VALUES 1\nWHERE x = 1 /* CAST(a AS array(int)) */", "", "SELECT",
        "SELECT * FROM (VALUES (1, 2), (3, 4)) t(a, b)", "SELECT values_1, x FROM regexp_replace", "'open", "/* open",
        "SELECT s.md5(1), md5 FROM t", "SELECT CAST(a AS varchar(10)), cast(b as row(x integer, y decimal(10, 2)))"}) {
    EXPECT_EQ(AthenaToDuckDB(text), text);
  }
}

TEST(AthenaToDuckDB, GivesRowsOfOneValueTheirParentheses) {
  EXPECT_EQ(AthenaToDuckDB("SELECT x FROM (VALUES 1, (2), f(3, 4) + 1) AS t(x)"),
            "SELECT x FROM (VALUES (1), (2), (f(3, 4) + 1)) AS t(x)");
  EXPECT_EQ(AthenaToDuckDB("VALUES 1, (1 + 2) * 3 ORDER BY 1"), "VALUES (1), ((1 + 2) * 3) ORDER BY 1");
  EXPECT_EQ(AthenaToDuckDB("VALUES ROW(1, 'a'), ROW (2, 'b') LIMIT 1"), "VALUES (1, 'a'),  (2, 'b') LIMIT 1");
}

TEST(AthenaToDuckDB, WritesTypesAsTheEngineHasThem) {
  EXPECT_EQ(AthenaToDuckDB("SELECT CAST(x AS array(varchar))"), "SELECT CAST(x AS varchar[])");
  EXPECT_EQ(AthenaToDuckDB("TRY_CAST(f(a, b) AS map(varchar, ARRAY( array(integer) )))"),
            "TRY_CAST(f(a, b) AS map(varchar,  integer[][]))");
  EXPECT_EQ(AthenaToDuckDB("cast(cast(a as timestamp(3) with time zone) as timestamp (6))"),
            "cast(cast(a as timestamp with time zone) as timestamp)");
  EXPECT_EQ(AthenaToDuckDB("SELECT ARRAY[1], X'41', x '41'"), "SELECT ARRAY[1], unhex('41'), x '41'");
}

TEST(AthenaToDuckDB, NamesWhatHasAnotherMeaning) {
  EXPECT_EQ(AthenaToDuckDB("select Date_Diff('day', a, regexp_replace(b, 'x', 'y')) from awsdatacatalog.db.t"),
            "select date_sub('day', a, athena_regexp_replace(b, 'x', 'y')) from db.t");
  EXPECT_EQ(AthenaToDuckDB("SELECT 1 FROM \"AwsDataCatalog\" . \"db\".\"t\""), "SELECT 1 FROM  \"db\".\"t\"");
  EXPECT_EQ(AthenaToDuckDB("SELECT md5(CAST(a AS array(bigint)))"), "SELECT athena_md5(CAST(a AS bigint[]))");
}

TEST(AthenaToDuckDB, WritesFunctionsWithLambdasOut) {
  EXPECT_EQ(AthenaToDuckDB("SELECT any_match(a, x -> x > 1) FROM t"),
            "SELECT (coalesce(list_bool_or(list_transform(a, x -> x > 1)), false)) FROM t");
  EXPECT_EQ(AthenaToDuckDB("reduce(a, 0, (s, x) -> s + md5(x), s -> s)"),
            "(list_transform([list_reduce(a, (s, x) -> s + athena_md5(x), 0)], s -> s)[1])");
  EXPECT_EQ(AthenaToDuckDB("reduce(a, (s, x) -> s + x, 0)"), "reduce(a, (s, x) -> s + x, 0)");
}

TEST(AthenaToDuckDB, EndsWithAnyText) {
  for (const char* piece : {"CAST(", "VALUES ", "VALUES(", "any_match(", "CAST(a AS array(", "awsdatacatalog.", "X'"}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += piece;
    EXPECT_GE(AthenaToDuckDB(text).size() + 400'000, text.size()) << piece;
  }
}

}  // namespace
}  // namespace glaux::sql
