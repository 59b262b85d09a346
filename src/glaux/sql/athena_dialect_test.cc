#include "glaux/sql/athena_dialect.h"

#include <gtest/gtest.h>

#include <string>

namespace glaux::sql {
namespace {

TEST(AthenaToDuckDB, LeavesWhatIsTheSame) {
  for (const std::string text :
       {"SELECT a, \"b c\", 'it''s' FROM t -- VALUES 1\nWHERE x = 1 /* CAST(a AS array(int)) */", "", "SELECT",
        "SELECT * FROM (VALUES (1, 2), (3, 4)) t(a, b)", "SELECT values_1, x FROM regexp_replace", "'open", "/* open",
        "SELECT s.md5(1), md5 FROM t", "SELECT CAST(a AS varchar), cast(b as row(x integer, y decimal(10, 2)))",
        "TIMESTAMP '2025-01-31 08:30:00'", "TIMESTAMP '2025-01-31'", "if(a, b, c)", "u & 'x'", "listagg(a)"}) {
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
  EXPECT_EQ(AthenaToDuckDB("IF(any_match(a, f), 1)"),
            "(CASE WHEN (coalesce(list_bool_or(list_transform(a, f)), false)) THEN 1 END)");
}

TEST(AthenaToDuckDB, MakesTypesOfAWidth) {
  EXPECT_EQ(AthenaToDuckDB("CAST(a AS varchar(10))"), "substr(CAST(a AS varchar(10)), 1, 10)");
  EXPECT_EQ(AthenaToDuckDB("x = try_cast(f(a, 1) as char(3))"), "x = rpad(try_cast(f(a, 1) as char(3)), 3, ' ')");
  EXPECT_EQ(AthenaToDuckDB("cast(a as row(bigint, decimal(5,2), b varchar))"),
            "cast(a as row(field0 bigint, field1 decimal(5,2), b varchar))");
}

TEST(AthenaToDuckDB, ReadsLiterals) {
  EXPECT_EQ(AthenaToDuckDB("U&'Gr\\00fc\\00df \\+01F989'"), "'Grüß 🦉'");
  EXPECT_EQ(AthenaToDuckDB("u&'it''s !0061' UESCAPE '!', x"), "'it''s a', x");
  EXPECT_EQ(AthenaToDuckDB("U&'\\d800'"), "U&'\\d800'");  // no character: the engine refuses it
  EXPECT_EQ(AthenaToDuckDB("TIMESTAMP '2025-01-31 08:30:00 Europe/Berlin', timestamp '2025-01-31 08:30:00+02:00'"),
            "TIMESTAMPTZ '2025-01-31 08:30:00 Europe/Berlin', TIMESTAMPTZ '2025-01-31 08:30:00+02:00'");
  EXPECT_EQ(AthenaToDuckDB("DECIMAL '-1.50'"), "(-1.50)");
}

TEST(AthenaToDuckDB, WritesClausesAsTheEngineHasThem) {
  EXPECT_EQ(AthenaToDuckDB("FROM t TABLESAMPLE BERNOULLI (10) WHERE x"),
            "FROM t TABLESAMPLE BERNOULLI (10 PERCENT) WHERE x");
  EXPECT_EQ(AthenaToDuckDB("LISTAGG(a, ', ') WITHIN GROUP (ORDER BY md5(b) DESC) AS l"),
            "string_agg(a, ', ' ORDER BY athena_md5(b) DESC) AS l");
  EXPECT_EQ(AthenaToDuckDB("SELECT `a``b`, `c\"d` FROM `t`"), "SELECT \"a`b\", \"c\"\"d\" FROM \"t\"");
}

TEST(FindName, FindsWhatWasAskedByWhereItStandsNow) {
  const std::string asked = "SELECT md5(x),\n  \"AwsDataCatalog\".\"Db\" . t.a, t FROM `u`, awsdatacatalog.db.t";
  const std::string rewritten = AthenaToDuckDB(asked);
  const auto at = [&](std::string_view text, size_t from = 0) {
    const auto name = FindName(asked, rewritten, rewritten.find(text, from));
    return name.text + "@" + std::to_string(name.line) + ":" + std::to_string(name.column);
  };
  EXPECT_EQ(at("athena_md5"), "md5@1:8");
  EXPECT_EQ(at("\"Db\""), "Db.t.a@2:3");
  EXPECT_EQ(at("t FROM"), "t@2:32");
  EXPECT_EQ(at("\"u\""), "u@2:39");
  EXPECT_EQ(at("db.t"), "db.t@2:44");
  EXPECT_EQ(FindName(asked, rewritten, 10'000).line, 0);
}

TEST(AthenaToDuckDB, EndsWithAnyText) {
  for (const char* piece : {"U&'", "TIMESTAMP '", "LISTAGG(", "TABLESAMPLE x(", "CAST(a AS row(", "CAST(", "VALUES ",
                            "VALUES(", "any_match(", "CAST(a AS array(", "awsdatacatalog.", "X'"}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += piece;
    EXPECT_GE(AthenaToDuckDB(text).size() + 400'000, text.size()) << piece;
  }
}

}  // namespace
}  // namespace glaux::sql
