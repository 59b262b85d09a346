#include "glaux/engine/athena/result_block_internal.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include "glaux/schema/types.h"
#include "glaux/testing/matchers.h"

namespace glaux::athena {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<arrow::Schema> SchemaOf(const std::vector<std::string>& types) {
  arrow::FieldVector fields;
  for (const auto& type : types) {
    fields.push_back(arrow::field("c" + std::to_string(fields.size()), ParseAthenaType(type).ValueOrDie()));
  }
  return arrow::schema(fields);
}

Result<std::shared_ptr<arrow::RecordBatch>> Read(const std::vector<std::string>& types, std::string_view csv) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, ResultColumns::Make(SchemaOf(types)));
  std::vector<Cell> cells;
  ARROW_RETURN_NOT_OK(ReadCells(csv, columns->size(), 1, &cells));
  return columns->ToBatch(cells, 1);
}

/// One value of a type, printed by Arrow.
std::string Value(const std::string& type, const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  const auto batch = Read({type}, quoted + "\"\n");
  if (!batch.ok()) return "<" + std::string(KindName(KindOf(batch.status()))) + "> " + batch.status().message();
  return (*batch)->column(0)->GetScalar(0).ValueOrDie()->ToString();
}

TEST(ResultBlock, KeepsNullEmptyAndQuotesApart) {
  ASSERT_OK_AND_ASSIGN(const auto batch,
                       Read({"varchar", "varchar"}, "\"a\",\"say \"\"hi\"\", you\"\n,\"\"\n\"line\nbreak\",\n"));
  ASSERT_EQ(batch->num_rows(), 3);
  const auto& first = static_cast<const arrow::StringArray&>(*batch->column(0));
  const auto& second = static_cast<const arrow::StringArray&>(*batch->column(1));
  EXPECT_EQ(second.GetView(0), "say \"hi\", you");
  EXPECT_TRUE(first.IsNull(1));
  EXPECT_TRUE(second.IsValid(1));
  EXPECT_EQ(second.GetView(1), "");
  EXPECT_EQ(first.GetView(2), "line\nbreak");
  EXPECT_TRUE(second.IsNull(2));
}

TEST(ResultBlock, ReadsEachTypeAsAthenaWritesIt) {
  EXPECT_EQ(Value("bigint", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(Value("tinyint", "-128"), "-128");
  EXPECT_EQ(Value("boolean", "true"), "true");
  EXPECT_EQ(Value("double", "1.0E10"), "1e+10");
  EXPECT_EQ(Value("double", "NaN"), "nan");
  EXPECT_EQ(Value("double", "-Infinity"), "-inf");
  EXPECT_EQ(Value("real", "1.5"), "1.5");
  EXPECT_EQ(Value("decimal(5,2)", "-1.50"), "-1.50");
  EXPECT_EQ(Value("decimal(38,0)", "12345678901234567890123456789012345678"), "12345678901234567890123456789012345678");
  EXPECT_EQ(Value("date", "2024-02-29"), "2024-02-29");
  EXPECT_EQ(Value("timestamp(6)", "2025-01-31 08:30:00.000"), "2025-01-31 08:30:00.000000");
  EXPECT_EQ(Value("timestamp(6)", "1969-12-31 23:59:59.999999"), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(Value("time(6)", "08:30:00.125"), "08:30:00.125000");
  EXPECT_EQ(Value("varbinary", "41 62 5a"), "AbZ");
}

TEST(ResultBlock, TakesZonesOffTimestamps) {
  EXPECT_EQ(Value("timestamp(6) with time zone", "2025-01-31 08:30:00.000 UTC"), "2025-01-31 08:30:00.000000Z");
  EXPECT_EQ(Value("timestamp(6) with time zone", "2025-01-31 08:30:00.000 +02:00"), "2025-01-31 06:30:00.000000Z");
  EXPECT_EQ(Value("timestamp(6) with time zone", "2025-01-31 08:30:00.000 America/New_York"),
            "2025-01-31 13:30:00.000000Z");
  EXPECT_EQ(Value("timestamp(6) with time zone", "2025-07-31 08:30:00.000 Europe/Berlin"),
            "2025-07-31 06:30:00.000000Z");
}

TEST(ResultBlock, ReadsNestedTexts) {
  EXPECT_EQ(Value("array(integer)", "[1, null, 3]"), "list<element: int32>[1, null, 3]");
  EXPECT_EQ(Value("array(integer)", "[]"), "list<element: int32>[]");
  EXPECT_EQ(Value("array(array(varchar))", "[[a, b], [], null]"),
            "list<element: list<element: string>>[list<element: string>[a, b], list<element: string>[], null]");
  EXPECT_EQ(Value("row(id integer, name varchar)", "{id=1, name=a, b = {c]}"),
            "{id:int32 = 1, name:string = a, b = {c]}");
  EXPECT_EQ(Value("row(a row(b integer), c varchar)", "{a={b=1}, c=null}"),
            "{a:struct<b: int32> = {b:int32 = 1}, c:string = null}");
  ASSERT_OK_AND_ASSIGN(const auto batch, Read({"map(varchar, array(integer))"}, "\"{a=[1, 2], b=null}\"\n\"{}\"\n\n"));
  const auto& map = static_cast<const arrow::MapArray&>(*batch->column(0));
  EXPECT_EQ(map.value_length(0), 2);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*map.keys()).GetView(1), "b");
  EXPECT_TRUE(map.items()->IsNull(1));
  EXPECT_EQ(map.value_length(1), 0);
  EXPECT_TRUE(map.IsNull(2));
  ASSERT_OK_AND_ASSIGN(const auto texts, Read({"map(varchar, varchar)"}, "\"{a=x, y, b=z=1}\"\n"));
  const auto& items = static_cast<const arrow::MapArray&>(*texts->column(0)).items();
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*items).GetView(0), "x, y");
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*items).GetView(1), "z=1");
}

TEST(ResultBlock, SaysWhereATextIsNoValue) {
  ASSERT_FAILS(ErrorKind::kCorrupt, "row 2 of the result, column c1: expected bigint, found: abc",
               Read({"varchar", "bigint"}, "\"x\",\"1\"\n\"y\",\"abc\"\n"));
  EXPECT_EQ(Value("tinyint", "128"), "<Corrupt> row 1 of the result, column c0: expected tinyint, found: 128");
  EXPECT_EQ(Value("date", "2025-02-29"), "<Corrupt> row 1 of the result, column c0: expected date, found: 2025-02-29");
  EXPECT_THAT(Value("timestamp(6) with time zone", "2025-01-31 08:30:00.000 Mars/Olympus"),
              ::testing::HasSubstr("expected timestamp with time zone"));
  EXPECT_EQ(Value("varbinary", "0"),
            "<Corrupt> row 1 of the result, column c0: expected varbinary, as in 01 ff, found: 0");
  EXPECT_THAT(
      Value("array(integer)", "[1, x]"),
      ::testing::HasSubstr("row 1 of the result, column c0, position 5: expected integer, found: x], in: [1, x]"));
  EXPECT_THAT(Value("row(a integer, b integer)", "{a=1, c=2}"), ::testing::HasSubstr("position 10: expected , b="));
  EXPECT_THAT(Value("map(varchar, integer)", "{a}"), ::testing::HasSubstr("position 2: expected a key and ="));
  EXPECT_THAT(Value("array(integer)", "1, 2"), ::testing::HasSubstr("position 1: expected ["));
}

TEST(ResultBlock, SaysWhichRowIsNoRow) {
  ASSERT_FAILS(ErrorKind::kCorrupt, "row 2 of the result: it has 1 values, expected 2",
               Read({"varchar", "varchar"}, "\"a\",\"b\"\n\"c\"\n"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "row 1 of the result: it has more values than there are columns, 1",
               Read({"varchar"}, "\"a\",\"b\"\n"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "a quote is not closed", Read({"varchar"}, "\"a\n"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "expected every value in double quotes", Read({"varchar"}, "a\n"));
}

TEST(ResultBlock, FindsTheEndOfTheLastWholeRow) {
  EXPECT_EQ(WholeRows("\"a\"\n\"b\"\n"), 8u);
  EXPECT_EQ(WholeRows("\"a\"\n\"b\nc"), 4u);
  EXPECT_EQ(WholeRows("\"a\"\n\"b\nc\"\n\"d"), 10u);
  EXPECT_EQ(WholeRows("\"say \"\"hi\"\"\n\"\n\"x"), 14u);
  EXPECT_EQ(WholeRows("\"a\nb\nc"), 0u);
  EXPECT_EQ(WholeRows(""), 0u);
  const std::string long_row = "\"" + std::string(1000, 'x') + "\"\n";
  EXPECT_EQ(WholeRows(long_row + long_row + "\"y\n"), 2 * long_row.size());
}

TEST(ResultBlock, TakesLinesApartAtTabs) {
  std::vector<Cell> cells;
  ReadLines("id                  \tbigint              \t                    \nday\tstring\n", 3, &cells);
  std::vector<std::string> texts;
  for (const auto& cell : cells) texts.emplace_back(cell.data, cell.size);
  EXPECT_THAT(texts, ElementsAre("id", "bigint", "", "day", "string", ""));
  cells.clear();
  ReadLines("  Fragment 0\n\nend", 1, &cells);
  texts.clear();
  for (const auto& cell : cells) texts.emplace_back(cell.data, cell.size);
  EXPECT_THAT(texts, ElementsAre("  Fragment 0", "", "end"));
}

}  // namespace
}  // namespace glaux::athena
