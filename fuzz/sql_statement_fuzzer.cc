// Statements that write, as people type them.
#include "fuzz.h"
#include "glaux/sql/ddl.h"
#include "glaux/sql/statement.h"

std::vector<std::string> FuzzSeeds() {
  return {
      "CREATE EXTERNAL TABLE IF NOT EXISTS `d`.t (a int COMMENT 'x\\'', `b c` array<struct<x:int>>) COMMENT 'c' "
      "PARTITIONED BY (p string) CLUSTERED BY (a) SORTED BY (a DESC) INTO 4 BUCKETS ROW FORMAT DELIMITED FIELDS "
      "TERMINATED BY '\\001' STORED AS TEXTFILE LOCATION 's3://b/t/' TBLPROPERTIES ('a'='b');",
      "create table d.t with (format='PARQUET', partitioned_by=ARRAY['a']) as select 1 as a with no data",
      "insert into t (a, b) values (1, 'x')",
      "unload (select (1)) to 's3://b/x/' with (format='JSON')",
      "alter table t add if not exists partition (a='1', b=-2.5) location 's3://b/x/' partition (a='2', b=3)",
      "alter table t drop partition (a='1'), partition (a='2')",
      "show tables in d 'a*|b'",
      "/* x */ -- y\n desc d.t a",
      "create database if not exists d comment \"x\" location 's3://b/' with dbproperties ('a'='b')"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto statement = sql::ParseStatement(text);
  if (!statement.ok()) {
    const auto kind = KindOf(statement.status());
    Require(kind == ErrorKind::kInvalid || kind == ErrorKind::kNotImplemented, "a statement that is none has a kind",
            statement.status().ToString());
    return 0;
  }
  if (!statement->has_value()) return 0;
  Require(!sql::StatementName(**statement).empty(), "every statement has a name", text);
  const auto* create = std::get_if<sql::CreateExternalTable>(&**statement);
  if (create == nullptr || create->columns.empty()) return 0;
  TableEntry table{.id = create->table, .description = create->comment, .table_type = "EXTERNAL_TABLE"};
  table.storage.columns = create->columns;
  table.storage.location = create->location;
  table.partition_keys = create->partition_keys;
  table.parameters = create->properties;
  table.parameters.erase("EXTERNAL");
  const auto printed = sql::ToAthenaDdl(table);
  Require(printed.ok(), "a table that was read is printed", text);
  const auto again = sql::ParseStatement(*printed);
  Require(again.ok() && again->has_value(), "what was printed is parsed", *printed + "\n" + again.status().ToString());
  const auto& read = std::get<sql::CreateExternalTable>(**again);
  Require(read.table == create->table && read.columns == create->columns &&
              read.partition_keys == create->partition_keys && read.comment == create->comment &&
              read.location == create->location && read.properties == table.parameters,
          "what was printed says the same", text + "\n" + *printed);
  return 0;
}
