#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "glaux/format/csv_text_internal.h"
#include "glaux/format/reading_for_test.h"
#include "glaux/testing/testdata.h"

// Avro files of Spark, Python and Rust. Those that have a Parquet file of the same rows are held against it.

namespace glaux {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

Result<std::shared_ptr<arrow::Table>> ReadFile(const fs::path& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path.string()));
  return ReadAll({.name = path.filename().string(), .file = file});
}

/// Each row as JSON, but for the names of the columns.
std::vector<std::string> JsonRows(const arrow::Table& table) {
  std::vector<std::string> rows(static_cast<size_t>(table.num_rows()));
  for (const auto& column : table.columns()) {
    size_t row = 0;
    for (const auto& chunk : column->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
        EXPECT_TRUE(AppendJson(*chunk, i, &rows[row]).ok());
        rows[row] += "|";
      }
    }
  }
  return rows;
}

TEST(AvroSuites, EveryFileIsRead) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  int files = 0;
  for (const auto& entry : fs::directory_iterator(suite / "data")) {
    if (entry.path().extension() != ".avro") continue;
    SCOPED_TRACE(entry.path().filename().string());
    ASSERT_OK_AND_ASSIGN(const auto table, ReadFile(entry.path()));
    EXPECT_GT(table->num_rows(), 0);
    ++files;
  }
  EXPECT_EQ(files, 15);
}

TEST(AvroSuites, RowsAreThoseOfTheParquetTwins) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  GLAUX_TESTDATA_OR_SKIP(twins, "parquet-good");
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(suite / "data")) {
    if (entry.path().extension() != ".avro") continue;
    const auto twin = twins / "data" / entry.path().filename().replace_extension(".parquet");
    if (!fs::exists(twin)) continue;
    SCOPED_TRACE(twin.filename().string());
    ASSERT_OK_AND_ASSIGN(const auto avro, ReadFile(entry.path()));
    ASSERT_OK_AND_ASSIGN(const auto parquet, ReadFile(twin));
    EXPECT_EQ(avro->schema()->field_names(), parquet->schema()->field_names());
    EXPECT_EQ(JsonRows(*avro), JsonRows(*parquet));
    ++compared;
  }
  EXPECT_GE(compared, 4);
}

TEST(AvroSuites, TypesOfOneRowCanAllBeNull) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  ASSERT_OK_AND_ASSIGN(const auto table, ReadFile(suite / "data" / "alltypes_nulls_plain.avro"));
  EXPECT_EQ(Types(*table->schema()),
            "string_col: string, int_col: int32, bool_col: bool, bigint_col: int64, float_col: float, double_col: "
            "double, bytes_col: binary");
  EXPECT_THAT(Rows(*table), ElementsAre("null|null|null|null|null|null|null"));
}

TEST(AvroSuites, TwoCodecsHoldTheSameRows) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  ASSERT_OK_AND_ASSIGN(const auto xz, ReadFile(suite / "data" / "alltypes_plain.xz.avro"));
  ASSERT_OK_AND_ASSIGN(const auto zstandard, ReadFile(suite / "data" / "alltypes_plain.zstandard.avro"));
  EXPECT_EQ(Rows(*xz), Rows(*zstandard));
  ASSERT_EQ(xz->num_rows(), 8);
  // The first and the last row of the Parquet file of this name: 03/01/09 and 0, 01/01/09 and 1 in base64.
  EXPECT_EQ(JsonRows(*xz).front(), "4|true|0|0|0|0|0.0|0.0|\"MDMvMDEvMDk=\"|\"MA==\"|\"2009-03-01T00:00:00Z\"|");
  EXPECT_EQ(JsonRows(*xz).back(), "1|false|1|1|1|10|1.1|10.1|\"MDEvMDEvMDk=\"|\"MQ==\"|\"2009-01-01T00:01:00Z\"|");
}

TEST(AvroSuites, DecimalsCountUp) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  for (const auto& [name, type, first] : {std::tuple{"int32_decimal", "value: decimal128(4, 2)", "1.00"},
                                          {"int64_decimal", "value: decimal128(10, 2)", "1.00"},
                                          {"fixed_length_decimal", "value: decimal128(25, 2)", "1.00"},
                                          {"fixed_length_decimal_legacy", "value: decimal128(13, 2)", "1.00"},
                                          {"fixed256_decimal", "value: decimal256(76, 10)", "1.0000000000"}}) {
    SCOPED_TRACE(name);
    ASSERT_OK_AND_ASSIGN(const auto table, ReadFile(suite / "data" / (std::string(name) + ".avro")));
    EXPECT_EQ(Types(*table->schema()), type);
    ASSERT_EQ(table->num_rows(), 24);
    const std::string zeros = std::string(first).substr(1);
    for (size_t i = 0; i < 24; ++i) EXPECT_EQ(Rows(*table)[i], std::to_string(i + 1) + zeros);
  }
}

TEST(AvroSuites, SmallFilesHaveTheValuesTheirMakersSay) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  ASSERT_OK_AND_ASSIGN(const auto nan, ReadFile(suite / "data" / "single_nan.avro"));
  EXPECT_THAT(Rows(*nan), ElementsAre("null"));
  ASSERT_OK_AND_ASSIGN(const auto fixed, ReadFile(suite / "data" / "simple_fixed.avro"));
  EXPECT_EQ(Types(*fixed->schema()), "f1: fixed_size_binary[5], f2: fixed_size_binary[10], f3: fixed_size_binary[6]");
  // In base64: abcde, fghijklmno, ABCDEF; 12345, 1234567890.
  EXPECT_THAT(JsonRows(*fixed), ElementsAre("\"YWJjZGU=\"|\"ZmdoaWprbG1ubw==\"|\"QUJDREVG\"|",
                                            "\"MTIzNDU=\"|\"MTIzNDU2Nzg5MA==\"|null|"));
  ASSERT_OK_AND_ASSIGN(const auto part, ReadFile(suite / "data" / "dict-page-offset-zero.avro"));
  EXPECT_THAT(Rows(*part), ::testing::AllOf(::testing::SizeIs(39), ::testing::Each("1552")));
}

TEST(AvroSuites, TimestampsAreInUtcOrLocal) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  ASSERT_OK_AND_ASSIGN(const auto table, ReadFile(suite / "data" / "timestamp_logical_types.avro"));
  EXPECT_EQ(Types(*table->schema()),
            "id: int32, ts_millis: timestamp[ms, tz=UTC], ts_micros: timestamp[us, tz=UTC], ts_nanos: timestamp[ns, "
            "tz=UTC], local_ts_millis: timestamp[ms], local_ts_micros: timestamp[us], local_ts_nanos: timestamp[ns]");
  EXPECT_EQ(JsonRows(*table)[0],
            "1|\"1970-01-01T00:00:00Z\"|\"1970-01-01T00:00:00Z\"|\"1970-01-01T00:00:00Z\"|\"1970-01-01T00:00:00\"|"
            "\"1970-01-01T00:00:00\"|\"1970-01-01T00:00:00\"|");
  EXPECT_EQ(JsonRows(*table)[1],
            "2|\"1970-01-01T00:00:01Z\"|\"1970-01-01T00:00:01Z\"|\"1970-01-01T00:00:01Z\"|\"1970-01-01T00:00:01\"|"
            "\"1970-01-01T00:00:01\"|\"1970-01-01T00:00:01\"|");
}

TEST(AvroSuites, NestedValuesKeepTheirShape) {
  GLAUX_TESTDATA_OR_SKIP(suite, "avro-arrow");
  ASSERT_OK_AND_ASSIGN(const auto table, ReadFile(suite / "data" / "nonnullable.impala.avro"));
  EXPECT_THAT(JsonRows(*table),
              ElementsAre("8|[-1]|[[-1,-2],[]]|{\"k1\":-1}|[{},{\"k1\":1},{},{}]|{\"a\":-1,\"B\":[-1],\"c\":{\"D\":[[{"
                          "\"e\":-1,\"f\":\"nonnullable\"}]]},\"G\":{}}|"));
}

}  // namespace
}  // namespace glaux
