#include "schema_text.h"

#include <arrow/type.h>

#include "glaux/testing/matchers.h"

namespace glaux::cli {
namespace {

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
