#include "glaux/sql/statement.h"

#include <chrono>

#include "glaux/testing/matchers.h"

namespace glaux::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

template <typename T>
T Read(std::string_view text) {
  const auto statement = ParseStatement(text);
  EXPECT_TRUE(statement.ok()) << text << "\n" << statement.status().ToString();
  if (!statement.ok() || !statement->has_value() || !std::holds_alternative<T>(**statement)) {
    ADD_FAILURE() << "another statement: " << text;
    return {};
  }
  return std::get<T>(**statement);
}

std::string Error(std::string_view text) {
  const auto statement = ParseStatement(text);
  if (statement.ok()) return "no error";
  EXPECT_EQ(KindOf(statement.status()), ErrorKind::kInvalid) << statement.status().ToString();
  return statement.status().message();
}

std::string Refusal(std::string_view text) {
  const auto statement = ParseStatement(text);
  if (statement.ok()) return "no error";
  EXPECT_EQ(KindOf(statement.status()), ErrorKind::kNotImplemented) << statement.status().ToString();
  return statement.status().message();
}

TEST(ParseStatement, LeavesQueriesToTheEngine) {
  for (const char* text :
       {"", ";", "-- nothing", "SELECT 1", "with a as (select 1) select * from a", "VALUES (1)", "(select 1)",
        "EXPLAIN SELECT 1", "describe select 1", "describe 'a.csv'", "DESC information_schema.tables",
        "show all tables", "summarize t", "from t", "pragma version", "describe a.b.c"}) {
    const auto statement = ParseStatement(text);
    ASSERT_OK(statement);
    EXPECT_FALSE(statement->has_value()) << text;
  }
}

TEST(ParseStatement, NamesTheStatementThatItDoesNotKnow) {
  EXPECT_EQ(Refusal("UPDATE t SET a = 1"), "UPDATE is not supported");
  EXPECT_EQ(Refusal("delete from t"), "DELETE is not supported");
  EXPECT_EQ(Refusal("MERGE INTO t USING s ON true"), "MERGE is not supported");
  EXPECT_EQ(Refusal("create function f() as 1"), "CREATE FUNCTION is not supported");
  EXPECT_EQ(Refusal("drop index i"), "DROP INDEX is not supported");
  EXPECT_EQ(Refusal("alter database d set location 's3://b/d/'"), "ALTER DATABASE SET LOCATION is not supported");
  EXPECT_EQ(Refusal("alter view v as select 1"), "ALTER VIEW is not supported");
  EXPECT_EQ(Refusal("alter table t rename to u"), "ALTER TABLE … RENAME is not supported");
  EXPECT_EQ(Refusal("insert overwrite t select 1"), "INSERT OVERWRITE is not supported");
  EXPECT_THAT(Refusal("create table t (a int)"), ::testing::HasSubstr("Iceberg"));
}

TEST(ParseStatement, ReadsDatabases) {
  const auto create = Read<CreateDatabase>(
      "CREATE SCHEMA IF NOT EXISTS Sales COMMENT 'it''s' LOCATION 's3://lake/sales/' WITH DBPROPERTIES ('a'='b', "
      "\"c\"='d');");
  EXPECT_EQ(create.name, "sales");
  EXPECT_TRUE(create.if_not_exists);
  EXPECT_EQ(create.comment, "it's");
  EXPECT_EQ(create.location, "s3://lake/sales/");
  EXPECT_THAT(create.properties, ElementsAre(Pair("a", "b"), Pair("c", "d")));
  EXPECT_TRUE(Read<DropDatabase>("drop database if exists `sales` cascade").cascade);
  EXPECT_FALSE(Read<DropDatabase>("drop schema sales restrict").cascade);
  const auto set = Read<SetDatabaseProperties>("ALTER DATABASE Sales SET DBPROPERTIES ('a'='b');");
  EXPECT_EQ(set.name, "sales");
  EXPECT_THAT(set.properties, ElementsAre(Pair("a", "b")));
}

TEST(ParseStatement, ReadsShowAndDescribe) {
  EXPECT_EQ(Read<ShowDatabases>("show databases like 's*'").pattern, "s*");
  EXPECT_EQ(Read<ShowTables>("SHOW TABLES IN sales 'o.*|p*'").database, "sales");
  EXPECT_EQ(Read<ShowTables>("SHOW TABLES IN sales 'o.*|p*'").pattern, "o.*|p*");
  EXPECT_EQ(Read<ShowTables>("show tables").pattern, std::nullopt);
  EXPECT_EQ(Read<ShowColumns>("SHOW COLUMNS IN orders FROM sales").table.ToString(), "sales.orders");
  EXPECT_EQ(Read<ShowPartitions>("show partitions sales.orders").table.ToString(), "sales.orders");
  EXPECT_TRUE(Read<ShowCreateTable>("show create view v").view);
  EXPECT_EQ(Read<ShowTableProperties>("SHOW TBLPROPERTIES t('a b')").key, "a b");
  EXPECT_EQ(Read<DescribeTable>("DESC FORMATTED \"AwsDataCatalog\".sales.orders day").column, "day");
  EXPECT_EQ(Read<DescribeTable>("describe `select`").table.name, "select");
}

TEST(ParseStatement, ReadsATableWithAllItsClauses) {
  const auto table = Read<CreateExternalTable>(R"(
-- what was sold
CREATE EXTERNAL TABLE IF NOT EXISTS `sales`.Orders (
  Id BIGINT COMMENT 'the shop\'s',
  `order` struct<A:int, `b c` : array<decimal(10, 2)>>,
  name varchar(20), /* no, it has no end */ price double precision,
  at timestamp
)
COMMENT 'all
of them'
PARTITIONED BY (day string, n int COMMENT 'x')
CLUSTERED BY (id) SORTED BY (id DESC, name) INTO 4 BUCKETS
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '\\' COLLECTION ITEMS TERMINATED BY '\002'
  MAP KEYS TERMINATED BY '\u0003' LINES TERMINATED BY '\n' NULL DEFINED AS ''
STORED AS TEXTFILE
LOCATION 's3://lake/sales/orders/'
TBLPROPERTIES ('projection.enabled'='true', "skip.header.line.count"="1") ; )");
  EXPECT_EQ(table.table.ToString(), "sales.orders");
  EXPECT_TRUE(table.if_not_exists);
  ASSERT_EQ(table.columns.size(), 5U);
  EXPECT_EQ(table.columns[0], (Column{.name = "id", .type = "bigint", .comment = "the shop's"}));
  EXPECT_EQ(table.columns[1].name, "order");
  EXPECT_EQ(table.columns[2].type, "varchar(20)");
  EXPECT_EQ(table.columns[3].type, "double");
  EXPECT_EQ(table.comment, "all\nof them");
  EXPECT_EQ(table.partition_keys[1], (Column{.name = "n", .type = "int", .comment = "x"}));
  EXPECT_EQ(table.buckets, 4);
  EXPECT_EQ(table.sort_columns, (std::vector<SortColumn>{{.column = "id", .sort_order = 0}, {.column = "name"}}));
  ASSERT_TRUE(table.delimited.has_value());
  EXPECT_EQ(table.delimited->field, "\t");
  EXPECT_EQ(table.delimited->escape, "\\");
  EXPECT_EQ(table.delimited->collection_item, "\x02");
  EXPECT_EQ(table.delimited->map_key, "\x03");
  EXPECT_TRUE(table.delimited->null_said);
  EXPECT_EQ(table.stored_as, "TEXTFILE");
  EXPECT_EQ(table.properties.at("projection.enabled"), "true");
}

TEST(ParseStatement, ReadsSerDesAndClassNames) {
  const auto table = Read<CreateExternalTable>(
      "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'x.Y' WITH SERDEPROPERTIES ('k'='v') "
      "STORED AS INPUTFORMAT 'i.I' OUTPUTFORMAT 'o.O' LOCATION 's3://b/t/'");
  EXPECT_EQ(table.serde, "x.Y");
  EXPECT_EQ(table.serde_properties.at("k"), "v");
  EXPECT_EQ(table.input_format, "i.I");
  EXPECT_EQ(table.output_format, "o.O");
}

TEST(ParseStatement, SaysWhereAndWhatWasExpected) {
  EXPECT_THAT(Error("CREATE EXTERNAL TABLE t (\n  a int,\n  b wrong)"), ::testing::StartsWith("line 3:5: column b: "));
  EXPECT_EQ(Error("create external table t (a int, A string)"),
            "line 1:33: columns a and A are one name in lower case, a");
  EXPECT_EQ(Error("create external table t (a int, a string)"), "line 1:33: column a is there twice");
  EXPECT_EQ(Error("create external table t (a)"), "line 1:27: expected a type of column a, found )");
  EXPECT_EQ(Error("create external table t (date string)"),
            "line 1:26: expected the name of a column, found the reserved word date");
  EXPECT_EQ(Error("create external table order (a int)"),
            "line 1:23: expected the name of a table, found the reserved word order");
  EXPECT_EQ(Error("create external table t (a int) stored by 'x'"), "line 1:40: expected AS, found by");
  EXPECT_EQ(
      Error("create external table t (a int) stored as xml"),
      "line 1:43: expected PARQUET, ORC, AVRO, TEXTFILE, JSONFILE, SEQUENCEFILE, RCFILE or INPUTFORMAT, found xml");
  EXPECT_EQ(Error("create external table t (a int) location 's3://b/t/' location 's3://b/u/'"),
            "line 1:54: LOCATION is there twice");
  EXPECT_EQ(Error("create external table t (a int) partitioned by (a string) location 's3://b/t/'"),
            "CREATE EXTERNAL TABLE t: column a is a partition key too");
  EXPECT_EQ(Error("create external table t (a int) comment 'x"), "line 1:41: a text in ' begins here and does not end");
  EXPECT_EQ(Error("create external table t /* a"), "line 1:25: a comment begins here and does not end");
  EXPECT_EQ(Error("create database"), "line 1:16: expected the name of a database, found the end of the statement");
  EXPECT_EQ(Error("create database a b"), "line 1:19: expected the end of the statement, found b");
  EXPECT_EQ(Error("drop table a; drop table b"), "line 1:15: expected the end of the statement, found drop");
  EXPECT_EQ(Error("drop table a.b.c"), "line 1:12: expected table or database.table, found more parts");
  EXPECT_EQ(Error("alter table t add columns (a int"), "line 1:33: expected ), found the end of the statement");
  EXPECT_EQ(Error("alter table t set tblproperties ('a'='1','a'='2')"), "line 1:42: property a is there twice");
  EXPECT_EQ(Error("unload (select 1 to 's3://b/x/'"),
            "line 1:32: expected ) behind the query, found the end of the statement");
  EXPECT_EQ(Error("insert into t"), "line 1:14: expected a query, found the end of the statement");
}

TEST(ParseStatement, NamesCannotCarryMoreThanAName) {
  EXPECT_THAT(Error("drop table `a; drop table b`"), ::testing::StartsWith("line 1:12: "));
  EXPECT_THAT(Error("drop database `../x`"), ::testing::StartsWith("line 1:15: "));
  EXPECT_EQ(Read<DropTable>("drop table `a-b`").table.name, "a-b");
  const auto table =
      Read<CreateExternalTable>("create external table t (`a\"; drop table b --` int) location 's3://b/t/'");
  EXPECT_EQ(table.columns[0].name, "a\"; drop table b --");
}

TEST(ParseStatement, ReadsAlterTable) {
  EXPECT_EQ(Read<AddColumns>("alter table d.t add columns (a int, b string comment 'x')").columns.size(), 2U);
  EXPECT_EQ(Read<ReplaceColumns>("alter table t replace columns (a int)").columns.size(), 1U);
  const auto add = Read<AddPartitions>(
      "ALTER TABLE t ADD IF NOT EXISTS PARTITION (day = '2025-01-01', n=-5) LOCATION 's3://b/x/' PARTITION (day='b', "
      "n=1.5)");
  EXPECT_TRUE(add.if_not_exists);
  ASSERT_EQ(add.partitions.size(), 2U);
  EXPECT_THAT(add.partitions[0].values, ElementsAre(Pair("day", "2025-01-01"), Pair("n", "-5")));
  EXPECT_EQ(add.partitions[0].location, "s3://b/x/");
  EXPECT_THAT(add.partitions[1].values, ElementsAre(Pair("day", "b"), Pair("n", "1.5")));
  EXPECT_EQ(Read<DropPartitions>("alter table t drop if exists partition (d='1'), partition (d='2')").partitions.size(),
            2U);
  EXPECT_EQ(Read<SetPartitionLocation>("alter table t partition (d='1') set location 's3://b/y/'").location,
            "s3://b/y/");
  EXPECT_EQ(Read<SetTableProperties>("alter table t set tblproperties ('a'='b')").properties.at("a"), "b");
  EXPECT_EQ(Read<RepairTable>("msck repair table d.t").table.ToString(), "d.t");
}

TEST(ParseStatement, CutsTheQueryOutOfAWrite) {
  const auto create = Read<CreateTableAs>(
      "CREATE TABLE d.t\nWITH (format = 'PARQUET', partitioned_by = ARRAY['a', 'b'], bucket_count = 5)\nAS SELECT ';' "
      "AS x WITH NO DATA;");
  EXPECT_EQ(create.query.sql, std::string("                \n") + std::string(77, ' ') + "\n   SELECT ';' AS x ");
  EXPECT_FALSE(create.with_data);
  EXPECT_THAT(create.properties[1].list, ElementsAre("a", "b"));
  EXPECT_EQ(create.properties[2].value, "5");
  EXPECT_TRUE(Read<CreateTableAs>("create table t as (select 1 with no data)").with_data);
  EXPECT_TRUE(Read<CreateTableAs>("create table t as select 1 with data").with_data);
  const auto insert = Read<InsertInto>("insert into t (a, B) values (1, 'x'')')");
  EXPECT_THAT(insert.columns, ElementsAre("a", "b"));
  EXPECT_TRUE(Read<InsertInto>("insert into t (select 1)").columns.empty());
  EXPECT_TRUE(insert.query.sql.ends_with("values (1, 'x'')')")) << insert.query.sql;
  const auto view = Read<CreateView>("create or replace view d.v as select 1 as a");
  EXPECT_TRUE(view.or_replace);
  EXPECT_EQ(view.view.ToString(), "d.v");
  EXPECT_TRUE(view.query.sql.ends_with("   select 1 as a")) << view.query.sql;
  const auto unload = Read<Unload>("UNLOAD (SELECT (1) AS \"a)\") TO 's3://b/x/' WITH (format='JSON')");
  EXPECT_TRUE(unload.query.sql.ends_with("SELECT (1) AS \"a)\"")) << unload.query.sql;
  EXPECT_EQ(unload.location, "s3://b/x/");
}

TEST(ParseStatement, TakesVeryLargeStatementsInTheirTime) {
  const auto begin = std::chrono::steady_clock::now();
  std::string columns;
  for (int i = 0; i < 5000; ++i) columns += (i == 0 ? "c" : ", c") + std::to_string(i) + " string";
  EXPECT_EQ(Read<CreateExternalTable>("create external table t (" + columns + ") location 's3://b/t/'").columns.size(),
            5000U);
  std::string values = "insert into t values (0)";
  while (values.size() < (1 << 20)) values += ", (" + std::to_string(values.size()) + ")";
  EXPECT_GT(Read<InsertInto>(values).query.sql.size(), size_t{1} << 19);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(ParseStatement, RefusesTypesThatNestTooDeep) {
  std::string type = "int";
  for (int i = 0; i < 10'000; ++i) type = "array<" + type + ">";
  EXPECT_THAT(Error("create external table t (a " + type + ")"), ::testing::StartsWith("line 1:28: column a: "));
}

}  // namespace
}  // namespace glaux::sql
