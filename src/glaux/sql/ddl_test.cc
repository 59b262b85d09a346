#include "glaux/sql/ddl.h"

#include "glaux/sql/statement.h"
#include "glaux/testing/matchers.h"

namespace glaux::sql {
namespace {

TEST(AthenaDdl, SaysAllOfATable) {
  TableEntry table{.id = {"sales", "orders"}, .description = "what was sold", .table_type = "EXTERNAL_TABLE"};
  table.storage.columns = {{.name = "id", .type = "bigint", .comment = "the shop's"},
                           {.name = "odd`name", .type = "array<struct<a:int>>"}};
  table.partition_keys = {{.name = "day", .type = "string"}};
  table.storage.location = "s3://lake/sales/orders/";
  table.storage.input_format = "in.Format";
  table.storage.output_format = "out.Format";
  table.storage.serde_info = {.serialization_library = "a.SerDe", .parameters = {{"separatorChar", "\\"}}};
  table.parameters = {{"EXTERNAL", "TRUE"}, {"classification", "csv"}};
  ASSERT_OK_AND_ASSIGN(const auto ddl, ToAthenaDdl(table));
  EXPECT_EQ(ddl,
            "CREATE EXTERNAL TABLE `sales`.`orders` (\n"
            "  `id` bigint COMMENT 'the shop\\'s',\n"
            "  `odd``name` array<struct<a:int>>\n"
            ")\n"
            "COMMENT 'what was sold'\n"
            "PARTITIONED BY (\n"
            "  `day` string\n"
            ")\n"
            "ROW FORMAT SERDE 'a.SerDe'\n"
            "WITH SERDEPROPERTIES (\n"
            "  'separatorChar'='\\\\'\n"
            ")\n"
            "STORED AS INPUTFORMAT 'in.Format'\n"
            "OUTPUTFORMAT 'out.Format'\n"
            "LOCATION 's3://lake/sales/orders/'\n"
            "TBLPROPERTIES (\n"
            "  'classification'='csv'\n"
            ");\n");
}

TEST(AthenaDdl, AViewHasNone) {
  ASSERT_FAILS(ErrorKind::kInvalid, "a.v is a view", ToAthenaDdl({.id = {"a", "v"}, .table_type = "VIRTUAL_VIEW"}));
}

TEST(AthenaDdl, IsReadBackAsTheSameTable) {
  TableEntry table{.id = {"sales", "order"}, .description = "it's\n\\ odd", .table_type = "EXTERNAL_TABLE"};
  table.storage.columns = {{.name = "date", .type = "date"}, {.name = "odd`name", .type = "map<string,array<int>>"}};
  table.partition_keys = {{.name = "day", .type = "string", .comment = "of the sale"}};
  table.storage.location = "s3://lake/sales/orders/";
  table.storage.serde_info = {.serialization_library = "a.SerDe", .parameters = {{"field.delim", "\t"}}};
  table.parameters = {{"projection.day.range", "2020-01-01,NOW"}};
  ASSERT_OK_AND_ASSIGN(const auto ddl, ToAthenaDdl(table));
  ASSERT_OK_AND_ASSIGN(const auto statement, ParseStatement(ddl));
  ASSERT_TRUE(statement.has_value());
  const auto& read = std::get<CreateExternalTable>(*statement);
  EXPECT_EQ(read.table, table.id);
  EXPECT_EQ(read.comment, table.description);
  EXPECT_EQ(read.columns, table.storage.columns);
  EXPECT_EQ(read.partition_keys, table.partition_keys);
  EXPECT_EQ(read.serde_properties, table.storage.serde_info.parameters);
  EXPECT_EQ(read.location, table.storage.location);
  EXPECT_EQ(read.properties, table.parameters);
}

}  // namespace
}  // namespace glaux::sql
