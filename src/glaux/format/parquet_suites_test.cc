#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "glaux/format/csv_text_internal.h"
#include "glaux/base/base64.h"
#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"
#include "glaux/testing/testdata.h"

// Parquet files of many writers, and files made to break readers.

namespace glaux {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

Result<std::shared_ptr<arrow::Table>> ReadParquet(const fs::path& path, int64_t batch_rows = 64 << 10) {
  ReadOptions options;
  options.batch_rows = batch_rows;
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path.string()));
  ARROW_ASSIGN_OR_RAISE(auto reader, FormatByName("parquet").ValueOrDie()->OpenReader(
                                         {.name = path.filename().string(), .file = file}, options));
  ARROW_ASSIGN_OR_RAISE(auto table, ToBatchReader(std::move(reader))->ToTable());
  ARROW_RETURN_NOT_OK(table->Validate());
  return table;
}

std::vector<fs::path> FilesOf(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (extension.empty() ? entry.path().extension() != ".md" : entry.path().extension() == extension)
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(ParquetSuites, GoodFilesHaveTheRowsThatPyarrowReads) {
  GLAUX_TESTDATA_OR_SKIP(suite, "parquet-good");
  if (!fs::exists(GLAUX_PYTHON)) GTEST_SKIP() << "no pyarrow to compare with: " << GLAUX_PYTHON;
  const testing::TempDir answers;
  std::string command =
      std::string(GLAUX_PYTHON) + " " + GLAUX_SOURCE_DIR + "/tests/parquet_oracle.py " + answers.path().string();
  const auto files = FilesOf(suite / "data", ".parquet");
  for (const auto& file : files) command += " '" + file.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const auto& file : files) {
    const auto name = file.filename().string();
    SCOPED_TRACE(name);
    for (const int64_t batch_rows : {64 << 10, 7}) {
      const auto table = ReadParquet(file, batch_rows);
      if (!fs::exists(answers / (name + ".arrow"))) {
        ASSERT_FALSE(table.ok());
        EXPECT_NE(KindOf(table.status()), ErrorKind::kOther) << table.status().ToString();
        continue;
      }
      ASSERT_OK(table);
      ASSERT_OK_AND_ASSIGN(const auto stream, arrow::io::ReadableFile::Open(answers / (name + ".arrow")));
      ASSERT_OK_AND_ASSIGN(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(stream));
      ASSERT_OK_AND_ASSIGN(const auto expected, reader->ToTable());
      EXPECT_EQ((*table)->num_rows(), expected->num_rows());
      for (int i = 0; i < expected->num_columns(); ++i) {
        EXPECT_TRUE(
            (*table)->column(i)->ApproxEquals(*expected->column(i), arrow::EqualOptions::Defaults().nans_equal(true)))
            << expected->schema()->field(i)->ToString();
      }
    }
  }
}

/// "2022-11-27T17:42:43.500Z" and "2022-11-27T17:42:43.5" are one time, as are a day and its midnight.
std::string PlainTime(std::string text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return text;
  if (text.ends_with('Z')) text.pop_back();
  if (text.find('.') != std::string::npos) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  if (text.ends_with("T00:00:00")) text.resize(text.size() - 9);
  return text;
}

bool Same(const json::value& ours, const json::value& theirs) {
  // JSON has no NaN, and hyparquet shows an empty list inside a struct as null.
  if (theirs.is_null())
    return ours.is_null() || (ours.is_array() && ours.as_array().empty()) ||
           (ours.is_string() && (ours == "nan" || ours == "inf" || ours == "-inf"));
  if (ours.is_number() && theirs.is_number()) {
    const double a = ours.to_number<double>();
    const double b = theirs.to_number<double>();
    return std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b));
  }
  if (ours.is_string() && theirs.is_string()) {
    if (PlainTime(ours.as_string().c_str()) == PlainTime(theirs.as_string().c_str())) return true;
    // We write binary as base64, they write its bytes.
    std::string bytes;
    return DecodeBase64(std::string_view(ours.as_string()), &bytes) && bytes == std::string_view(theirs.as_string());
  }
  if (ours.is_array() && theirs.is_array()) {
    const auto& a = ours.as_array();
    const auto& b = theirs.as_array();
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), Same);
  }
  if (ours.is_object() && theirs.is_object()) {
    for (const auto& [key, value] : ours.as_object()) {
      const auto* other = theirs.as_object().if_contains(key);
      if (!Same(value, other == nullptr ? json::value(nullptr) : *other)) return false;
    }
    return std::all_of(theirs.as_object().begin(), theirs.as_object().end(),
                       [&](const auto& item) { return ours.as_object().contains(item.key()); });
  }
  return ours == theirs;
}

/// A struct that holds a value of Parquet's VARIANT, which is given as it is stored.
bool IsVariant(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT &&
         static_cast<const arrow::StructType&>(type).GetFieldByName("metadata") != nullptr &&
         static_cast<const arrow::StructType&>(type).GetFieldByName("value") != nullptr;
}

TEST(ParquetSuites, HyparquetsFilesHaveTheRowsThatItsJsonHas) {
  GLAUX_TESTDATA_OR_SKIP(suite, "parquet-hyparquet");
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  for (const auto& file : FilesOf(suite / "data", ".parquet")) {
    SCOPED_TRACE(file.filename().string());
    const auto table = ReadParquet(file);
    if (file.stem() == "incorrect_map_schema") {
      // Its map has keys that may be null; Arrow refuses such a schema.
      EXPECT_FALSE(table.ok());
      continue;
    }
    ASSERT_OK(table);
    const auto answer = fs::path(file).replace_extension(".json");
    if (!fs::exists(answer)) continue;
    const auto expected = json::parse(testing::ReadFileOrDie(answer), {}, options).as_array();
    ASSERT_EQ((*table)->num_rows(), static_cast<int64_t>(expected.size()));
    for (int i = 0; i < (*table)->num_columns(); ++i) {
      if (IsVariant(*(*table)->field(i)->type())) continue;
      int64_t row = 0;
      for (const auto& chunk : (*table)->column(i)->chunks()) {
        for (int64_t at = 0; at < chunk->length(); ++at, ++row) {
          std::string text;
          ASSERT_OK(AppendJson(*chunk, at, &text));
          const auto& theirs = expected[static_cast<size_t>(row)].as_array()[static_cast<size_t>(i)];
          ASSERT_TRUE(Same(json::parse(text, {}, options), theirs))
              << "row " << row << ", column " << (*table)->field(i)->name() << ": " << text << " is not " << theirs;
        }
      }
    }
  }
}

TEST(ParquetSuites, BadFilesAreRefused) {
  GLAUX_TESTDATA_OR_SKIP(suite, "parquet-bad");
  for (const auto& file : FilesOf(suite / "data", ".parquet")) {
    const auto table = ReadParquet(file);
    ASSERT_FALSE(table.ok()) << file;
    EXPECT_EQ(KindOf(table.status()), ErrorKind::kCorrupt) << table.status().ToString();
    EXPECT_THAT(table.status().message(), ::testing::StartsWith("read " + file.filename().string()));
  }
}

TEST(ParquetSuites, FuzzedFilesGiveAClearErrorOrRows) {
  GLAUX_TESTDATA_OR_SKIP(suite, "parquet-fuzz-arrow");
  for (const auto& file : FilesOf(suite / "data", "")) {
    SCOPED_TRACE(file.filename().string());
    const auto table = ReadParquet(file);
    if (table.ok()) {
      EXPECT_OK((*table)->ValidateFull());
      continue;
    }
    const auto kind = KindOf(table.status());
    EXPECT_TRUE(kind == ErrorKind::kCorrupt || kind == ErrorKind::kNotImplemented) << file << table.status().ToString();
    EXPECT_THAT(table.status().message(), ::testing::StartsWith("read " + file.filename().string()));
  }
}

}  // namespace
}  // namespace glaux
