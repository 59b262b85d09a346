#include "cell_text.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <limits>

#include "glaux/testing/matchers.h"

namespace glaux::cli {
namespace {

std::string Show(const std::shared_ptr<arrow::Array>& array, CellStyle style, int64_t row = 0) {
  std::string text;
  CellPrinter::Make(array, style).ValueOrDie()->Append(row, &text);
  return text;
}

std::string Text(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return Show(arrow::json::ArrayFromJSONString(type, "[" + json + "]").ValueOrDie(), CellStyle::kText);
}

std::string Json(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return Show(arrow::json::ArrayFromJSONString(type, "[" + json + "]").ValueOrDie(), CellStyle::kJson);
}

std::string Double(double value, CellStyle style) {
  arrow::DoubleBuilder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  return Show(builder.Finish().ValueOrDie(), style);
}

TEST(Cell, IntegersAreExact) {
  EXPECT_EQ(Json(arrow::int64(), "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Json(arrow::int64(), "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(Text(arrow::uint64(), "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(Text(arrow::int8(), "-128"), "-128");
}

TEST(Cell, FloatsAreTheShortestThatReadBackAndNeverLookLikeIntegers) {
  EXPECT_EQ(Double(1, CellStyle::kText), "1.0");
  EXPECT_EQ(Double(0.1, CellStyle::kJson), "0.1");
  EXPECT_EQ(Double(-0.0, CellStyle::kText), "-0.0");
  EXPECT_EQ(Double(1e300, CellStyle::kJson), "1e+300");
  EXPECT_EQ(Text(arrow::float32(), "0.1"), "0.1");
}

TEST(Cell, JsonHasNoNumberForNanAndInfinity) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Double(std::numeric_limits<double>::quiet_NaN(), CellStyle::kJson), "null");
  EXPECT_EQ(Double(infinity, CellStyle::kJson), "null");
  EXPECT_EQ(Double(std::numeric_limits<double>::quiet_NaN(), CellStyle::kText), "nan");
  EXPECT_EQ(Double(-infinity, CellStyle::kText), "-inf");
}

TEST(Cell, DecimalsKeepEveryDigitAndHaveNoExponent) {
  EXPECT_EQ(Json(arrow::decimal128(10, 2), R"("12.50")"), "12.50");
  EXPECT_EQ(Text(arrow::decimal128(10, 2), R"("-0.05")"), "-0.05");
  EXPECT_EQ(Text(arrow::decimal128(38, 20), R"("0.00000000000000000001")"), "0.00000000000000000001");
  EXPECT_EQ(Text(arrow::decimal128(5, 0), R"("0")"), "0");
  arrow::Decimal128Builder hundreds(arrow::decimal128(5, -2));
  ASSERT_OK(hundreds.Append(arrow::Decimal128(123)));
  EXPECT_EQ(Show(hundreds.Finish().ValueOrDie(), CellStyle::kText), "12300");
  EXPECT_EQ(Json(arrow::decimal256(60, 1), R"("12345678901234567890123456789012345678901234567890.5")"),
            "12345678901234567890123456789012345678901234567890.5");
}

TEST(Cell, TextIsAsItIsAndEscapedInJson) {
  EXPECT_EQ(Text(arrow::utf8(), R"("a\"b\\c\nd")"), "a\"b\\c\nd");
  EXPECT_EQ(Json(arrow::utf8(), R"("a\"b\\c\nd\u0001é🦉")"), R"("a\"b\\c\nd\u0001é🦉")");
  arrow::StringBuilder builder;
  ASSERT_OK(builder.Append("caf\xe9!\"\xff"));
  ASSERT_OK_AND_ASSIGN(const auto broken, builder.Finish());
  EXPECT_EQ(Show(broken, CellStyle::kJson), "\"caf\uFFFD!\\\"\uFFFD\"");
}

TEST(Cell, BinaryIsHexadecimal) {
  arrow::BinaryBuilder builder;
  ASSERT_OK(builder.Append(std::string_view("\x00\xffg", 3)));
  ASSERT_OK_AND_ASSIGN(const auto array, builder.Finish());
  EXPECT_EQ(Show(array, CellStyle::kText), "00ff67");
  EXPECT_EQ(Show(array, CellStyle::kJson), "\"00ff67\"");
}

TEST(Cell, DatesReachBeforeYearOneAndBeyond9999) {
  EXPECT_EQ(Text(arrow::date32(), "0"), "1970-01-01");
  EXPECT_EQ(Text(arrow::date32(), "-1"), "1969-12-31");
  EXPECT_EQ(Text(arrow::date32(), "11016"), "2000-02-29");
  EXPECT_EQ(Text(arrow::date32(), "-719529"), "-0001-12-31");
  EXPECT_EQ(Text(arrow::date32(), "2932897"), "10000-01-01");
  EXPECT_EQ(Text(arrow::date32(), "2147483647"), "5881580-07-11");
  EXPECT_EQ(Json(arrow::date64(), "-1"), R"("1969-12-31")");
}

TEST(Cell, TimestampsHaveTheFewestExactDigits) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(Text(micros, "0"), "1970-01-01 00:00:00");
  EXPECT_EQ(Text(micros, "-1"), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(Text(micros, "1500000"), "1970-01-01 00:00:01.500");
  EXPECT_EQ(Json(micros, "1500000"), R"("1970-01-01T00:00:01.500")");
  EXPECT_EQ(Json(arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin"), "1"), R"("1970-01-01T00:00:00.000000001Z")");
  EXPECT_EQ(Text(arrow::timestamp(arrow::TimeUnit::SECOND), "-9223372036854775808"), "-292277022657-01-27 08:29:52");
}

TEST(Cell, TimesDurationsAndIntervalsAreText) {
  EXPECT_EQ(Text(arrow::time32(arrow::TimeUnit::SECOND), "3661"), "01:01:01");
  EXPECT_EQ(Json(arrow::time64(arrow::TimeUnit::MICRO), "1"), R"("00:00:00.000001")");
  EXPECT_EQ(Text(arrow::duration(arrow::TimeUnit::MILLI), "-90061001"), "-25:01:01.001");
  EXPECT_EQ(Text(arrow::month_day_nano_interval(), "[14, 1, 1000000]"), "1 year 2 months 1 day 00:00:00.001");
  EXPECT_EQ(Text(arrow::month_day_nano_interval(), "[0, 0, 0]"), "00:00:00");
}

TEST(Cell, NestedValuesAreJsonInBothStyles) {
  const auto type = arrow::struct_({arrow::field("a", arrow::list(arrow::int32())),
                                    arrow::field("b\"", arrow::map(arrow::utf8(), arrow::float64()))});
  const auto* value = R"({"a": [1, null], "b\"": [["k", 0.5], ["l", null]]})";
  EXPECT_EQ(Text(type, value), R"({"a":[1,null],"b\"":{"k":0.5,"l":null}})");
  EXPECT_EQ(Json(type, value), Text(type, value));
  EXPECT_EQ(Json(arrow::map(arrow::int64(), arrow::date32()), "[[1, 0]]"), R"({"1":"1970-01-01"})");
  EXPECT_EQ(Text(arrow::fixed_size_list(arrow::int8(), 2), "[1, 2]"), "[1,2]");
}

TEST(Cell, SlicesOfNestedArraysShowTheirOwnRows) {
  const auto type = arrow::struct_({arrow::field("a", arrow::list(arrow::int32()))});
  ASSERT_OK_AND_ASSIGN(const auto whole,
                       arrow::json::ArrayFromJSONString(type, R"([{"a": [1]}, {"a": [2, 3]}, null, {"a": null}])"));
  const auto slice = whole->Slice(1);
  EXPECT_EQ(Show(slice, CellStyle::kJson, 0), R"({"a":[2,3]})");
  EXPECT_EQ(Show(slice, CellStyle::kJson, 1), "null");
  EXPECT_EQ(Show(slice, CellStyle::kText, 1), "");
  EXPECT_EQ(Show(slice, CellStyle::kJson, 2), R"({"a":null})");
}

TEST(Cell, DictionariesShowTheirValues) {
  ASSERT_OK_AND_ASSIGN(const auto array,
                       arrow::json::DictArrayFromJSONString(arrow::dictionary(arrow::int32(), arrow::utf8()),
                                                            "[1, null, 2]", R"(["x", "y", null])"));
  ASSERT_OK_AND_ASSIGN(const auto printer, CellPrinter::Make(array, CellStyle::kJson));
  EXPECT_EQ(Show(array, CellStyle::kJson, 0), R"("y")");
  EXPECT_EQ(Show(array, CellStyle::kJson, 1), "null");
  EXPECT_TRUE(printer->IsNull(2));
}

TEST(Cell, TypesWithoutTextOfTheirOwnStillPrint) {
  EXPECT_EQ(Json(arrow::null(), "null"), "null");
  const auto type = arrow::dense_union({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8())}, {0, 1});
  EXPECT_NE(Text(type, R"([1, "x"])").find("x"), std::string::npos);
}

}  // namespace
}  // namespace glaux::cli
