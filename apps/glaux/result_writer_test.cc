#include "result_writer.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>

#include "glaux/format/format.h"
#include "glaux/testing/matchers.h"
#include "test_batch.h"

namespace glaux::cli {
namespace {

using arrow::field;
using glaux::cli::testing::Batch;

std::shared_ptr<arrow::Buffer> Bytes(OutputFormat format,
                                     const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                     ResultWriterOptions options = {}) {
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = MakeResultWriter(format, batches.at(0)->schema(), sink, options).ValueOrDie();
  for (const auto& batch : batches) EXPECT_OK(writer->Write(*batch));
  EXPECT_OK(writer->Finish());
  return sink->Finish().ValueOrDie();
}

std::string Text(OutputFormat format, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                 ResultWriterOptions options = {}) {
  return Bytes(format, batches, options)->ToString();
}

std::shared_ptr<arrow::RecordBatch> Sample() {
  return Batch({{field("id", arrow::int64()), "[1, 2, null]"},
                {field("name, full", arrow::utf8()), R"(["a,\"b\"", "", null])"}});
}

TEST(CsvWriter, QuotesWhatNeedsItAndKeepsNullAndEmptyApart) {
  EXPECT_EQ(Text(OutputFormat::kCsv, {Sample()}), "id,\"name, full\"\n1,\"a,\"\"b\"\"\"\n2,\"\"\n,\n");
}

TEST(CsvWriter, PrintsTheHeadOfAnEmptyResult) {
  EXPECT_EQ(Text(OutputFormat::kCsv, {Sample()->Slice(0, 0)}), "id,\"name, full\"\n");
}

TEST(TsvWriter, QuotesTabsAndNotCommas) {
  const auto batch = Batch({{field("a", arrow::utf8()), R"(["x,y", "x\ty"])"}});
  EXPECT_EQ(Text(OutputFormat::kTsv, {batch}), "a\nx,y\n\"x\ty\"\n");
}

TEST(JsonWriter, MakesOneArrayOverAllBatches) {
  const auto batch = Batch({{field("a", arrow::int64()), "[1]"}});
  EXPECT_EQ(Text(OutputFormat::kJson, {batch, batch->Slice(0, 0), batch}), "[\n{\"a\":1},\n{\"a\":1}\n]\n");
  EXPECT_EQ(Text(OutputFormat::kJson, {batch->Slice(0, 0)}), "[]\n");
}

TEST(JsonWriter, GivesEveryColumnAKeyOfItsOwn) {
  const auto batch = Batch({{field("a", arrow::int64()), "[1]"},
                            {field("a", arrow::int64()), "[2]"},
                            {field("a_1", arrow::int64()), "[3]"}});
  EXPECT_EQ(Text(OutputFormat::kJsonLines, {batch}), "{\"a\":1,\"a_2\":2,\"a_1\":3}\n");
}

TEST(MarkdownWriter, EscapesBarsAndKeepsLineBreaksInsideTheCell) {
  const auto batch =
      Batch({{field("a|b", arrow::utf8()), R"(["x|y", "one\ntwo", null])"}, {field("n", arrow::int8()), "[1, 2, 3]"}});
  EXPECT_EQ(Text(OutputFormat::kMarkdown, {batch}),
            "| a\\|b | n |\n| --- | ---: |\n| x\\|y | 1 |\n| one<br>two | 2 |\n|  | 3 |\n");
}

TEST(ArrowWriter, WritesTheFileFormatToFilesAndTheStreamFormatToPipes) {
  const auto batch = Sample();
  arrow::io::BufferReader file(Bytes(OutputFormat::kArrow, {batch, batch}, {.seekable = true}));
  ASSERT_OK_AND_ASSIGN(const auto file_reader, arrow::ipc::RecordBatchFileReader::Open(&file));
  EXPECT_EQ(file_reader->num_record_batches(), 2);
  arrow::io::BufferReader stream(Bytes(OutputFormat::kArrow, {batch}, {.seekable = false}));
  ASSERT_OK_AND_ASSIGN(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(&stream));
  ASSERT_OK_AND_ASSIGN(const auto read, reader->Next());
  EXPECT_TRUE(read->Equals(*batch));
}

TEST(ParquetWriter, WritesWhatTheParquetReaderReads) {
  const auto batch = Sample();
  const auto bytes = Bytes(OutputFormat::kParquet, {batch, batch});
  ASSERT_OK_AND_ASSIGN(const auto* format, FormatByName("parquet"));
  ASSERT_OK_AND_ASSIGN(auto reader,
                       format->OpenReader({.name = "x", .file = std::make_shared<arrow::io::BufferReader>(bytes)}, {}));
  ASSERT_OK_AND_ASSIGN(const auto table, ToBatchReader(std::move(reader))->ToTable());
  EXPECT_EQ(table->num_rows(), 6);
  EXPECT_EQ(table->schema()->field(1)->name(), "name, full");
}

TEST(OutputFormat, ComesFromTheNameOfTheFile) {
  EXPECT_EQ(OutputFormatOfFile("a/b.CSV", {}).ValueOrDie().format, OutputFormat::kCsv);
  EXPECT_EQ(OutputFormatOfFile("b.jsonl.gz", {}).ValueOrDie().codec, "gzip");
  EXPECT_EQ(OutputFormatOfFile("b.ndjson.zst", {}).ValueOrDie().codec, "zstd");
  EXPECT_EQ(OutputFormatOfFile("b.dat", OutputFormat::kTsv).ValueOrDie().format, OutputFormat::kTsv);
  ASSERT_FAILS(ErrorKind::kInvalid, "a.csv/b.xlsx", OutputFormatOfFile("a.csv/b.xlsx", {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "not compressed again", OutputFormatOfFile("b.parquet.gz", {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "unknown output format 'cvs'", ParseOutputFormat("cvs"));
}

TEST(OutputFormat, BinaryNeverGoesToATerminal) {
  ASSERT_FAILS(ErrorKind::kInvalid, "not for a terminal",
               RefuseBinaryOnTerminal(OutputFormat::kParquet, {.interactive = true}));
  EXPECT_OK(RefuseBinaryOnTerminal(OutputFormat::kParquet, {.interactive = false}));
  EXPECT_OK(RefuseBinaryOnTerminal(OutputFormat::kCsv, {.interactive = true}));
}

TEST(TextWriters, WriteRowsOfNoColumnsAsNothingOrAsEmptyObjects) {
  const auto empty = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 1, arrow::ArrayVector{});
  EXPECT_EQ(Text(OutputFormat::kCsv, {empty}), "");
  EXPECT_EQ(Text(OutputFormat::kMarkdown, {empty}), "");
  EXPECT_EQ(Text(OutputFormat::kTable, {empty}), "");
  EXPECT_EQ(Text(OutputFormat::kJsonLines, {empty}), "{}\n");
}

TEST(TableWriter, SetsNumbersToTheRightAndShowsNulls) {
  EXPECT_EQ(Text(OutputFormat::kTable, {Sample()},
                 {.terminal = {.utf8 = true}, .type_name = [](const auto& t) { return t.ToString(); }}),
            "┌───────┬────────────┐\n"
            "│    id │ name, full │\n"
            "│ int64 │ string     │\n"
            "├───────┼────────────┤\n"
            "│     1 │ a,\"b\"      │\n"
            "│     2 │            │\n"
            "│  NULL │ NULL       │\n"
            "└───────┴────────────┘\n"
            "3 rows, 2 columns\n");
}

TEST(TableWriter, DrawsWithAsciiWhereTheLocaleHasNoMore) {
  const auto batch = Batch({{field("a", arrow::utf8()), R"(["日本", "e"])"}});
  EXPECT_EQ(Text(OutputFormat::kTable, {batch}, {.footer = false}),
            "+------+\n| a    |\n+------+\n| 日本 |\n| e    |\n+------+\n");
}

TEST(TableWriter, ShowsTheFirstAndTheLastRowsAndCountsAll) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int i = 0; i < 30; ++i) batches.push_back(Batch({{field("n", arrow::int64()), "[" + std::to_string(i) + "]"}}));
  const auto text = Text(OutputFormat::kTable, batches, {.terminal = {.utf8 = true}, .max_rows = 3});
  EXPECT_EQ(text,
            "┌────┐\n│  n │\n├────┤\n│  0 │\n│  1 │\n│  · │\n│  · │\n│  · │\n│ 29 │\n└────┘\n"
            "30 rows (3 shown), 1 column\n");
}

TEST(TableWriter, OneLargeBatchAndManySmallOnesGiveTheSameTable) {
  std::string values;
  std::vector<std::shared_ptr<arrow::RecordBatch>> small;
  for (int i = 0; i < 100; ++i) values += (i == 0 ? "" : ",") + std::to_string(i * 7);
  const auto large = Batch({{field("n", arrow::int64()), "[" + values + "]"}});
  for (int i = 0; i < 100; i += 9) small.push_back(large->Slice(i, 9));
  EXPECT_EQ(Text(OutputFormat::kTable, {large}), Text(OutputFormat::kTable, small));
}

TEST(TableWriter, LeavesOutNoFewerRowsThanTheDotsTake) {
  const auto batch = Batch({{field("n", arrow::int64()), "[1, 2, 3, 4, 5]"}});
  EXPECT_NE(Text(OutputFormat::kTable, {batch}, {.max_rows = 2}).find("5 rows, 1 column"), std::string::npos);
  EXPECT_NE(Text(OutputFormat::kTable, {batch}, {.max_rows = 1}).find("5 rows (1 shown)"), std::string::npos);
}

TEST(TableWriter, FitsTheTerminal) {
  const std::string words = R"(["a long text that says more than fits into one line of a terminal"])";
  const auto batch = Batch({{field("first", arrow::utf8()), words},
                            {field("second", arrow::utf8()), words},
                            {field("third", arrow::utf8()), words},
                            {field("n", arrow::int64()), "[9223372036854775807]"}});
  for (const int width : {20, 40, 60, 80, 200, 300}) {
    const auto text = Text(OutputFormat::kTable, {batch}, {.terminal = {.width = width}, .footer = false});
    size_t begin = 0;
    for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      EXPECT_LE(end - begin, static_cast<size_t>(width)) << text;
    }
    if (width >= 60) {
      EXPECT_NE(text.find("9223372036854775807"), std::string::npos) << text;
    }
  }
}

TEST(TableWriter, TellsHowManyColumnsAreNotShown) {
  std::vector<std::pair<std::shared_ptr<arrow::Field>, std::string>> columns;
  for (int i = 0; i < 20; ++i)
    columns.emplace_back(field("column_" + std::to_string(i), arrow::utf8()), R"(["some value"])");
  const auto text = Text(OutputFormat::kTable, {Batch(columns)}, {.terminal = {.width = 60, .utf8 = true}});
  EXPECT_NE(text.find("column_0 "), std::string::npos);
  EXPECT_NE(text.find("column_19"), std::string::npos);
  EXPECT_NE(text.find("│ … │"), std::string::npos);
  EXPECT_NE(text.find("20 columns (4 shown)"), std::string::npos) << text;
}

}  // namespace
}  // namespace glaux::cli
