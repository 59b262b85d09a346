#include "glaux/serve/athena/statement_text_internal.h"

#include "glaux/testing/matchers.h"

namespace glaux::serve::athena {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Said(std::string_view sql) {
  const auto shape = ShapeOf(sql);
  if (!shape.ok()) return shape.status().message();
  static constexpr const char* kResults[] = {"rows", "text", "done", "count"};
  return shape->type + " " + shape->substatement + " " + kResults[static_cast<int>(shape->result)];
}

TEST(StatementText, KnowsAStatementByItsFirstWords) {
  EXPECT_EQ(Said("select 1"), "DML SELECT rows");
  EXPECT_EQ(Said(" -- a\n /* b */ ((WITH x AS (SELECT 1) SELECT * FROM x))"), "DML SELECT rows");
  EXPECT_EQ(Said("VALUES 1"), "DML SELECT rows");
  EXPECT_EQ(Said("insert into t values (1)"), "DML INSERT count");
  EXPECT_EQ(Said("UNLOAD (SELECT 1) TO 's3://b/' WITH (format='PARQUET')"), "DML UNLOAD count");
  EXPECT_EQ(Said("create table t with (format = 'PARQUET') as select 1"), "DML CREATE_TABLE_AS_SELECT count");
  EXPECT_EQ(Said("create table t as (select 1)"), "DML CREATE_TABLE_AS_SELECT count");
  EXPECT_EQ(
      Said("CREATE EXTERNAL TABLE IF NOT EXISTS t (a int COMMENT 'as select') STORED AS PARQUET LOCATION 's3://b/'"),
      "DDL CREATE_TABLE done");
  EXPECT_EQ(Said("create or replace view v as select 1"), "DDL CREATE_VIEW done");
  EXPECT_EQ(Said("drop database d"), "DDL DROP_DATABASE done");
  EXPECT_EQ(Said("ALTER TABLE t ADD COLUMNS (b int)"), "DDL ALTER_TABLE done");
  EXPECT_EQ(Said("msck repair table t"), "DDL MSCK_REPAIR_TABLE text");
  EXPECT_EQ(Said("SHOW CREATE TABLE t"), "UTILITY SHOW_CREATE_TABLE text");
  EXPECT_EQ(Said("describe t"), "UTILITY DESCRIBE text");
  EXPECT_EQ(Said("explain select 1"), "UTILITY EXPLAIN text");
}

TEST(StatementText, SaysWhereWhatIsNoStatementBegins) {
  EXPECT_THAT(Said("  selec 1"), HasSubstr("line 1:3: mismatched input 'selec'"));
  EXPECT_THAT(Said("'select'"), HasSubstr("mismatched input"));
  EXPECT_THAT(Said(""), HasSubstr("empty"));
  EXPECT_THAT(Said("/* no end"), HasSubstr("empty"));
  EXPECT_THAT(Said("(((("), HasSubstr("empty"));
}

std::string Literal(std::string_view value) { return LiteralOf(value).ValueOrDie(); }

TEST(StatementText, TakesLiteralsAsTheyAreAndQuotesTheRest) {
  for (const std::string value : {"1", "1.5e-3", ".5", "'a'", "'it''s'", "''", "''''", "TRUE", "null",
                                  "DATE '2025-01-31'", "timestamp '2025-01-31 08:30:00'"}) {
    EXPECT_EQ(Literal(value), " " + value + " ");
  }
  EXPECT_EQ(Literal("-1"), " (-1) ");
  EXPECT_EQ(Literal("text"), " 'text' ");
  EXPECT_EQ(Literal("it's"), " 'it''s' ");
  EXPECT_EQ(Literal("'"), " '''' ");
  EXPECT_EQ(Literal("'a' or 'b'"), " '''a'' or ''b''' ");
  EXPECT_EQ(Literal("'a''"), " '''a''''' ");
  EXPECT_EQ(Literal("1 -- x"), " '1 -- x' ");
  EXPECT_EQ(Literal("--1"), " '--1' ");
  EXPECT_EQ(Literal("1/**/"), " '1/**/' ");
  EXPECT_EQ(Literal("e'\\'"), " 'e''\\''' ");
  EXPECT_EQ(Literal("\"x\""), " '\"x\"' ");
  EXPECT_EQ(Literal("?"), " '?' ");
  ASSERT_FAILS(ErrorKind::kInvalid, "NUL", LiteralOf(std::string_view("a\0b", 3)));
}

/// Whatever a value is, the text around it stays a literal: its quotes come in pairs.
TEST(StatementText, NoValueLeavesItsLiteral) {
  const std::string alphabet = "'\"`-/*\\ae1$;?\n ";
  for (size_t number = 0; number < 15 * 15 * 15 * 15; ++number) {
    std::string value;
    for (size_t rest = number, i = 0; i < 4; ++i, rest /= 15) value += alphabet[rest % 15];
    std::string literal = Literal(value);
    literal.erase(0, literal.find_first_not_of(" \n"));
    literal.erase(literal.find_last_not_of(" \n") + 1);
    if (literal.starts_with('\'')) {
      const std::string inner = literal.substr(1, literal.size() - 2);
      ASSERT_TRUE(literal.size() >= 2 && literal.ends_with('\'')) << value;
      for (size_t at = 0; (at = inner.find('\'', at)) != inner.npos; at += 2) {
        ASSERT_EQ(inner.substr(at, 2), "''") << value;
      }
    } else {
      // Taken as it is: nothing but one number.
      ASSERT_EQ(literal.find_first_not_of("1e-() \n"), literal.npos) << value;
      ASSERT_EQ(literal.find("--"), literal.npos) << value;
    }
  }
}

TEST(StatementText, BindsOnlyMarksThatStandForValues) {
  EXPECT_EQ(BindParameters("a = ? and b = '?' -- ?\nand \"?\" = /* ? */ ?", {"1", "x"}).ValueOrDie(),
            "a =  1  and b = '?' -- ?\nand \"?\" = /* ? */  'x' ");
  EXPECT_EQ(BindParameters("$t$ ? $t$ || $$?$$ || e'\\'?' || `?`", {}).ValueOrDie(),
            "$t$ ? $t$ || $$?$$ || e'\\'?' || `?`");
  // A value that looks like a mark is no mark.
  EXPECT_EQ(BindParameters("?, ?", {"?", "2"}).ValueOrDie(), " '?' ,  2 ");
  ASSERT_FAILS(ErrorKind::kInvalid, "expected 1 but found 0", BindParameters("?", {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected 0 but found 1", BindParameters("'?", {"1"}));
}

TEST(StatementText, ReadsExecute) {
  ASSERT_OK_AND_ASSIGN(auto found, ParseExecute("execute \"p\" USING 'a, b' , 2, x ;"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "p");
  EXPECT_THAT(found->values, ElementsAre("'a, b'", "2", "x"));
  ASSERT_OK_AND_ASSIGN(found, ParseExecute("EXECUTE p;"));
  EXPECT_TRUE(found->values.empty());
  ASSERT_OK_AND_ASSIGN(found, ParseExecute("select 1"));
  EXPECT_FALSE(found.has_value());
  for (const auto* sql : {"EXECUTE", "EXECUTE 'p'", "EXECUTE p WITH 1", "EXECUTE p USING", "EXECUTE p USING 1,,2"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "expected EXECUTE", ParseExecute(sql));
  }
}

}  // namespace
}  // namespace glaux::serve::athena
