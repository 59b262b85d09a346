#include "schema_text.h"

#include <arrow/type.h>

#include "glaux/testing/matchers.h"

namespace glaux::cli {
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

TEST(GlueJson, LeavesOutWhatTheCatalogSets) {
  TableEntry table{.id = {"sales", "orders"}};
  table.storage.columns = {{.name = "id", .type = "bigint"}};
  const auto json = boost::json::parse(ToGlueJson(table)).as_object();
  EXPECT_EQ(json.at("Name"), "orders");
  EXPECT_FALSE(json.contains("DatabaseName"));
  EXPECT_FALSE(json.contains("CreateTime"));
}

TEST(ArrowText, ALineAColumn) {
  EXPECT_EQ(ToArrowText(*arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8(), false)})),
            "a: int64\nb: string not null\n");
}

TEST(PrettyJson, IndentsWhatHasMembers) {
  EXPECT_EQ(PrettyJson(boost::json::parse(R"({"a":[1,{"b":null}],"c":{},"d":[],"e\"":"x"})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": [],\n  \"e\\\"\": "
            "\"x\"\n}");
}

}  // namespace
}  // namespace glaux::cli
