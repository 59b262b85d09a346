// Type strings of Glue, Athena and DuckDB, and JSON Schema. The first byte of the input chooses.
#include <arrow/type.h>

#include "fuzz.h"
#include "glaux/schema/json_schema.h"
#include "glaux/schema/types.h"

std::vector<std::string> FuzzSeeds() {
  return {
      "\1array<struct<a:int,`b c`:map<string,decimal(10,2)>,t:timestamp>>", "\1struct<a:varchar(3),b:char(2)>",
      "\2array(row(a integer, \"b\"\"c\" varchar(5), m map(varchar, timestamp(3) with time zone)))",
      "\3STRUCT(a INTEGER, \"b\" MAP(VARCHAR, DECIMAL(10,2)))[]",
      "\4{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
      "[\"string\",\"null\"],\"format\":\"date-time\"},\"c\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto check = [&](auto parse, auto print) {
    const auto type = parse(text);
    if (!type.ok()) {
      Require(KindOf(type.status()) != ErrorKind::kOther, "every error has a kind", type.status().ToString());
      return;
    }
    const auto printed = print(**type);
    if (!printed.ok()) return;
    const auto again = parse(*printed);
    Require(again.ok(), "what was printed is parsed", *printed + ": " + again.status().ToString());
    const auto twice = print(**again);
    Require(twice.ok() && *twice == *printed, "what was printed prints the same", *printed);
  };
  switch (data[0] % 4) {
    case 1:
      check([](const std::string& t) { return ParseGlueType(t); }, [](const auto& t) { return ToGlueType(t); });
      break;
    case 2:
      check([](const std::string& t) { return ParseAthenaType(t); }, [](const auto& t) { return ToAthenaType(t); });
      break;
    case 3:
      check([](const std::string& t) { return ParseDuckDBType(t); }, [](const auto& t) { return ToDuckDBType(t); });
      break;
    default:
      check([](const std::string& t) { return ParseJsonSchema(t); },
            [](const auto& schema) { return ToJsonSchema(schema, "t"); });
  }
  return 0;
}
