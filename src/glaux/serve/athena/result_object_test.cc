#include "glaux/serve/athena/result_object_internal.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <cmath>
#include <limits>

#include "glaux/store/memory_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::serve::athena {
namespace {

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> ArrayOf(std::shared_ptr<arrow::DataType> type,
                                      const std::vector<std::optional<Value>>& values) {
  Builder builder(type, arrow::default_memory_pool());
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Strings(const std::vector<std::optional<std::string>>& values) {
  return ArrayOf<arrow::StringBuilder>(arrow::utf8(), values);
}

std::shared_ptr<arrow::RecordBatchReader> ReaderOf(
    std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  const int64_t rows = arrays.empty() ? 0 : arrays[0]->length();
  return arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(arrow::schema(fields), rows, arrays)}).ValueOrDie();
}

/// All bytes, taken `piece` at a time.
std::string TextOf(std::shared_ptr<arrow::RecordBatchReader> rows, ResultKind kind, size_t piece = 1 << 20) {
  const auto bytes = ResultBytes::Make(std::move(rows), kind).ValueOrDie();
  std::string text, buffer(piece, '\0');
  for (;;) {
    const auto got = bytes->Read(std::as_writable_bytes(std::span(buffer))).ValueOrDie();
    if (got == 0) return text;
    text.append(buffer, 0, got);
  }
}

/// The text of the last value of a column.
std::string ValueOf(std::shared_ptr<arrow::Array> array) {
  std::string text;
  ValueTextOf(*array->type()).ValueOrDie()(*array, array->length() - 1, &text);
  return text;
}
template <typename Value>
std::string Real(Value value) {
  using Builder = typename arrow::CTypeTraits<Value>::BuilderType;
  return ValueOf(ArrayOf<Builder, Value>(arrow::CTypeTraits<Value>::type_singleton(), {value}));
}

TEST(ResultText, WritesRealNumbersAsJavaDoes) {
  EXPECT_EQ(Real(0.0), "0.0");
  EXPECT_EQ(Real(-0.0), "-0.0");
  EXPECT_EQ(Real(1.0), "1.0");
  EXPECT_EQ(Real(100.0), "100.0");
  EXPECT_EQ(Real(123456.789), "123456.789");
  EXPECT_EQ(Real(9999999.0), "9999999.0");
  EXPECT_EQ(Real(1e7), "1.0E7");
  EXPECT_EQ(Real(-1.5e300), "-1.5E300");
  EXPECT_EQ(Real(0.001), "0.001");
  EXPECT_EQ(Real(0.0123), "0.0123");
  EXPECT_EQ(Real(0.00099), "9.9E-4");
  EXPECT_EQ(Real(5e-324), "5.0E-324");
  EXPECT_EQ(Real(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(Real(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(Real(std::nan("")), "NaN");
  EXPECT_EQ(Real(0.1f), "0.1");
}

TEST(ResultText, WritesTimesOfAnyUnit) {
  using arrow::TimeUnit;
  const auto at = [](TimeUnit::type unit, int64_t value, const std::string& zone = "") {
    return ValueOf(ArrayOf<arrow::TimestampBuilder, int64_t>(arrow::timestamp(unit, zone), {value}));
  };
  EXPECT_EQ(at(TimeUnit::SECOND, 0), "1970-01-01 00:00:00.000");
  EXPECT_EQ(at(TimeUnit::MILLI, -1), "1969-12-31 23:59:59.999");
  EXPECT_EQ(at(TimeUnit::MICRO, 1'738'312'200'123'456, "UTC"), "2025-01-31 08:30:00.123456 UTC");
  EXPECT_EQ(at(TimeUnit::NANO, 1), "1970-01-01 00:00:00.000000001");
  EXPECT_EQ(ValueOf(ArrayOf<arrow::Date32Builder, int32_t>(arrow::date32(), {-719'528})), "0000-01-01");
  EXPECT_EQ(ValueOf(ArrayOf<arrow::Time64Builder, int64_t>(arrow::time64(TimeUnit::MICRO), {86'399'999'999})),
            "23:59:59.999999");
}

TEST(ResultText, NamesTheColumnWithoutAType) {
  const auto schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::month_interval())});
  ASSERT_FAILS(ErrorKind::kNotImplemented, "column b", ColumnsOf(*schema));
}

TEST(ResultObject, QuotesEveryValueAndLeavesNullOut) {
  const auto rows = ReaderOf({{"a \"b\"", Strings({"x", "", std::nullopt, "say \"hi\",\nyou", "\"", "Grüße"})},
                              {"n", ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {1, 2, 3, {}, 5, 6})}});
  const std::string expected =
      "\"a \"\"b\"\"\",\"n\"\n\"x\",\"1\"\n\"\",\"2\"\n,\"3\"\n\"say "
      "\"\"hi\"\",\nyou\",\n\"\"\"\",\"5\"\n\"Grüße\",\"6\"\n";
  EXPECT_EQ(TextOf(rows, ResultKind::kRows), expected);
}

TEST(ResultObject, GivesItsBytesInPiecesOfAnySize) {
  for (const size_t piece : {1, 2, 7, 4096}) {
    const auto rows = ReaderOf({{"a", Strings({"x", std::nullopt, "yz"})}});
    EXPECT_EQ(TextOf(rows, ResultKind::kRows, piece), "\"a\"\n\"x\"\n\n\"yz\"\n") << piece;
  }
}

TEST(ResultObject, WritesLinesAsTheyAreWhereThereIsNoTable) {
  const auto rows = [] { return ReaderOf({{"a", Strings({"id", "b\"c"})}, {"t", Strings({"bigint", std::nullopt})}}); };
  EXPECT_EQ(TextOf(rows(), ResultKind::kText), "id\tbigint\nb\"c\t\n");
  EXPECT_EQ(TextOf(rows(), ResultKind::kDone), "");
}

TEST(ResultObject, ReadsTheNumberThatAWriteTells) {
  const auto one = ReaderOf({{"Count", ArrayOf<arrow::Int64Builder, int64_t>(arrow::int64(), {42})}});
  EXPECT_EQ(ReadUpdateCount(*one).ValueOrDie(), 42);
  const auto text = ReaderOf({{"a", Strings({"x"})}});
  EXPECT_EQ(ReadUpdateCount(*text).ValueOrDie(), std::nullopt);
}

class ResultPageTest : public ::testing::Test {
 protected:
  std::vector<std::vector<std::string>> Page(int64_t offset, int64_t most, std::optional<int64_t>* next = nullptr) {
    auto page = ReadResultPage(*store, "k", kind, offset, most).ValueOrDie();
    if (next != nullptr) *next = page.next;
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : page.rows) {
      auto& shown = rows.emplace_back();
      for (const auto& datum : *row.Data) shown.push_back(datum.VarCharValue.value_or("<null>"));
    }
    return rows;
  }
  void Put(std::string_view text) { ASSERT_TRUE(PutString(*store, "k", text).ok()); }

  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  ResultKind kind = ResultKind::kRows;
};

TEST_F(ResultPageTest, ReadsWhatWasWritten) {
  Put("\"a\",\"b\"\n\"say \"\"hi\"\",\nyou\",\n\"\",\"x\"\n,\n");
  const std::vector<std::vector<std::string>> all = {
      {"a", "b"}, {"say \"hi\",\nyou", "<null>"}, {"", "x"}, {"<null>", "<null>"}};
  std::optional<int64_t> next;
  EXPECT_EQ(Page(0, 1000, &next), all);
  EXPECT_FALSE(next.has_value());
  std::vector<std::vector<std::string>> one_by_one;
  int64_t offset = 0;
  for (const auto& expected : all) {
    EXPECT_EQ(Page(offset, 1, &next), (std::vector<std::vector<std::string>>{expected}));
    offset = next.value_or(-1);
  }
  EXPECT_EQ(offset, -1);
}

TEST_F(ResultPageTest, RefusesWhatIsNoLine) {
  Put("\"a\"\n\"b\"\n");
  ASSERT_FAILS(ErrorKind::kInvalid, "token", ReadResultPage(*store, "k", kind, 100, 1));
  ASSERT_FAILS(ErrorKind::kInvalid, "token", ReadResultPage(*store, "k", kind, -1, 1));
  ASSERT_FAILS(ErrorKind::kCorrupt, "result object", ReadResultPage(*store, "k", kind, 1, 1));
  ASSERT_FAILS(ErrorKind::kNotFound, "", ReadResultPage(*store, "none", kind, 0, 1));
  Put("\"a\"\n\"no end");
  EXPECT_EQ(Page(0, 10), (std::vector<std::vector<std::string>>{{"a"}}));
  ASSERT_FAILS(ErrorKind::kCorrupt, "ends in the middle", ReadResultPage(*store, "k", kind, 4, 10));
}

TEST_F(ResultPageTest, TextHasOneValueALine) {
  kind = ResultKind::kText;
  Put("id\tbigint\n\nlast \"one\"\n");
  EXPECT_EQ(Page(0, 10), (std::vector<std::vector<std::string>>{{"id\tbigint"}, {""}, {"last \"one\""}}));
  Put("");
  EXPECT_TRUE(Page(0, 10).empty());
}

}  // namespace
}  // namespace glaux::serve::athena
