#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"
#include "glaux/testing/testdata.h"

// CSV files that other projects test their readers with.

namespace glaux {
namespace {

using ::testing::HasSubstr;

InputFile OnDisk(const std::filesystem::path& path) {
  return {.name = path.filename().string(), .file = arrow::io::ReadableFile::Open(path.string()).ValueOrDie()};
}

std::string Cell(const arrow::Table& table, const std::string& column, int64_t row) {
  return table.GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
}

double Sum(const arrow::Table& table, const std::string& column) {
  double sum = 0;
  for (int64_t row = 0; row < table.num_rows(); ++row) sum += std::stod(Cell(table, column, row));
  return sum;
}

TEST(CsvSuites, SpectrumGivesTheStringsThatItsJsonHas) {
  GLAUX_TESTDATA_OR_SKIP(suite, "csv-spectrum");
  for (const auto& entry : std::filesystem::directory_iterator(suite / "data" / "csvs")) {
    SCOPED_TRACE(entry.path().string());
    ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(OnDisk(entry.path())));
    const auto json = suite / "data" / "json" / (entry.path().stem().string() + ".json");
    auto answer = testing::ReadFileOrDie(json);
    if (testing::ReadFileOrDie(entry.path()).find('\r') == std::string::npos) {
      // The suite's copies of files with CRLF may have lost it on their way through git.
      for (size_t at = answer.find("\\r\\n"); at != std::string::npos; at = answer.find("\\r\\n", at))
        answer.erase(at, 2);
    }
    const auto expected = boost::json::parse(answer).as_array();
    ASSERT_EQ(table->num_rows(), static_cast<int64_t>(expected.size()));
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      const auto& object = expected[static_cast<size_t>(row)].as_object();
      ASSERT_EQ(object.size(), static_cast<size_t>(table->num_columns()));
      for (const auto& [name, value] : object) {
        EXPECT_EQ(Cell(*table, std::string(name), row), std::string(value.as_string()));
      }
    }
  }
}

TEST(CsvSuites, ArrowsAggregateTestHasTheSumsThatPyarrowFinds) {
  GLAUX_TESTDATA_OR_SKIP(suite, "csv-arrow");
  for (const auto& entry : std::filesystem::directory_iterator(suite / "data")) {
    SCOPED_TRACE(entry.path().string());
    ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(OnDisk(entry.path())));
    EXPECT_EQ(table->num_rows(), 100);
    EXPECT_THAT(Types(*table->schema()),
                ::testing::StartsWith(
                    "c1: string, c2: int64, c3: int64, c4: int64, c5: int64, c6: int64, c7: int64, c8: int64, "
                    "c9: int64, c10: decimal128(38, 0), c11: double, c12: double, c13: string"));
    EXPECT_EQ(Sum(*table, "c2"), 285);
    EXPECT_EQ(Sum(*table, "c3"), 781);
    EXPECT_EQ(Sum(*table, "c4"), 231997);
    EXPECT_EQ(Sum(*table, "c5"), 15862627961.0);
    EXPECT_EQ(Sum(*table, "c8"), 3017641);
    EXPECT_EQ(Sum(*table, "c9"), 222089770060.0);
    EXPECT_DOUBLE_EQ(Sum(*table, "c10"), 8.652627809237404e+20);
    EXPECT_NEAR(Sum(*table, "c11"), 47.927494659, 1e-9);
    EXPECT_NEAR(Sum(*table, "c12"), 50.897250991272145, 1e-4);
    if (table->num_columns() > 13) {
      EXPECT_EQ(table->schema()->field(13)->type()->ToString(), "date32[day]");
      EXPECT_EQ(table->schema()->field(14)->type()->ToString(), "timestamp[us]");
    }
  }
}

/// The options that a file's name speaks of.
CsvOptions OptionsOf(const std::string& name) {
  CsvOptions options;
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  if (has("bar_delimiter")) options.delimiter = '|';
  if (has("comment")) options.comment = '#';
  if (has("escape")) options.escape = '\\';
  if (has("single_quote")) options.quote = '\'';
  if (has("no_header")) options.column_names = std::vector<std::string>{};
  return options;
}

TEST(CsvSuites, DaftsFilesAreReadWithTheOptionsInTheirNamesAndTheInvalidOnesRefused) {
  GLAUX_TESTDATA_OR_SKIP(suite, "csv-daft");
  const std::map<std::string, int64_t> rows = {
      {"iris_tiny_all_null_column.csv", 6}, {"iris_tiny_comment.csv", 19},    {"iris_tiny_conflicting_dtypes.csv", 2},
      {"iris_tiny_double_quote.csv", 18},   {"iris_tiny_empty_lines.csv", 3}, {"iris_tiny_nulls.csv", 6}};
  for (const auto& entry : std::filesystem::directory_iterator(suite / "data")) {
    const auto name = entry.path().filename().string();
    SCOPED_TRACE(name);
    const auto table = ReadAll(OnDisk(entry.path()), {.format = {.csv = OptionsOf(name)}});
    if (name.find("invalid") != std::string::npos) {
      ASSERT_FAILS(ErrorKind::kInvalid, "fields, found", table);
      continue;
    }
    ASSERT_OK(table);
    EXPECT_EQ((*table)->num_columns(), 5);
    EXPECT_EQ((*table)->num_rows(), rows.contains(name) ? rows.at(name) : 20);
    if (name.find("conflicting") != std::string::npos) continue;
    EXPECT_EQ((*table)->schema()->field(0)->type()->ToString(), "double");
    EXPECT_EQ((*table)->schema()->field(2)->type()->ToString(),
              name.find("all_null") == std::string::npos ? "double" : "null");
    EXPECT_EQ((*table)->schema()->field(4)->type()->ToString(), "string");
  }
}

}  // namespace
}  // namespace glaux
