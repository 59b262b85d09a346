#include <arrow/compute/cast.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "glaux/format/gzip.h"
#include "glaux/format/reading_for_test.h"
#include "glaux/format/value_text_internal.h"

namespace glaux {
namespace {

Result<std::string> Written(const arrow::Table& table, const WriteOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(auto writer, FormatByName("csv").ValueOrDie()->OpenWriter(sink, table.schema(), options));
  arrow::TableBatchReader batches(table);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, batches.Next());
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(writer->Write(batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto written, writer->bytes_written());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  EXPECT_EQ(written, buffer->size());
  return buffer->ToString();
}

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  ASSERT_OK_AND_ASSIGN(const auto table,
                       ReadStrings(InMemory("a.csv", "a,\"b,c\"\nx,\"y\"\"z\"\n\"\",\n\"l1\nl2\",\"p,q\"\n x ,#r\n")));
  EXPECT_EQ(Written(*table).ValueOrDie(), "a,\"b,c\"\nx,\"y\"\"z\"\n\"\",\n\"l1\nl2\",\"p,q\"\n x ,#r\n");
}

TEST(CsvWriter, QuotesWhatTheBeginningOfAFileWouldSwallow) {
  const std::string text = "\"\xEF\xBB\xBFn\"\n\"\xEF\xBB\xBF\"\n";
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv", text)));
  EXPECT_EQ(table->field(0)->name(), "\xEF\xBB\xBFn");
  EXPECT_EQ(Written(*table).ValueOrDie(), text);
}

TEST(CsvWriter, WritesValuesThatReadBackAsTheyWere) {
  const auto schema = arrow::schema(
      {arrow::field("b", arrow::boolean()), arrow::field("i", arrow::int64()), arrow::field("d", arrow::float64()),
       arrow::field("f", arrow::float32()), arrow::field("m", arrow::decimal128(20, 4)),
       arrow::field("t", arrow::date32()), arrow::field("z", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("n", arrow::timestamp(arrow::TimeUnit::NANO)), arrow::field("s", arrow::utf8()),
       arrow::field("e", arrow::dictionary(arrow::int32(), arrow::utf8()))});
  const std::string text =
      "b,i,d,f,m,t,z,n,s,e\n"
      "true,-9223372036854775808,0.1,0.1,-12.5000,0001-01-01,1969-12-31T23:59:59.999999Z,2025-01-01T00:00:00.000000001,"
      "x,y\n"
      "false,9223372036854775807,1e+300,16777216.0,0.0001,9999-12-31,2025-06-30T12:00:00Z,1970-01-01T00:00:00,\"\","
      "\"\"\n"
      ",,,,,,,,,\n"
      "true,0,-0.0,nan,0.0000,2024-02-29,2025-06-30T12:00:00Z,1970-01-01T00:00:00,\" \",\"q,\"\"\"\n"
      "true,0,5e-324,-inf,0.0000,2024-02-29,2025-06-30T12:00:00Z,1970-01-01T00:00:00,x,y\n";
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), {.schema = schema}));
  ASSERT_OK_AND_ASSIGN(const auto written, Written(*table));
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.csv", written), {.schema = schema}));
  EXPECT_EQ(Rows(*back), Rows(*table)) << written;
}

TEST(CsvWriter, WritesBytesAsBase64AndReadsThemBack) {
  const std::string all_bytes = [] {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    return bytes;
  }();
  const arrow::FieldVector fields = {arrow::field("b", arrow::binary()), arrow::field("l", arrow::large_binary())};
  arrow::BinaryBuilder bytes;
  arrow::LargeBinaryBuilder large;
  for (const std::string& value : {std::string(), std::string("\0\xff,\"\n", 5), all_bytes}) {
    ASSERT_OK(bytes.Append(value));
    ASSERT_OK(large.Append(value));
  }
  ASSERT_OK(bytes.AppendNull());
  ASSERT_OK(large.AppendNull());
  ASSERT_OK_AND_ASSIGN(const auto column, bytes.Finish());
  ASSERT_OK_AND_ASSIGN(const auto large_column, large.Finish());
  const auto table = arrow::Table::Make(arrow::schema(fields), {column, large_column});
  ASSERT_OK_AND_ASSIGN(const auto written, Written(*table));
  EXPECT_TRUE(written.starts_with("b,l\n\"\",\"\"\nAP8sIgo=,AP8sIgo=\nAAEC")) << written;
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.csv", written), {.schema = arrow::schema(fields)}));
  EXPECT_TRUE(back->Equals(*table)) << back->ToString();
}

TEST(CsvWriter, WritesNestedValuesAsJson) {
  arrow::Int64Builder ids;
  const auto values = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), values);
  ASSERT_OK(lists.Append());
  ASSERT_OK(values->Append("a\"b"));
  ASSERT_OK(values->AppendNull());
  ASSERT_OK(lists.AppendEmptyValue());
  ASSERT_OK(lists.AppendNull());
  ASSERT_OK_AND_ASSIGN(const auto list, lists.Finish());
  ASSERT_OK_AND_ASSIGN(
      const auto numbers,
      arrow::compute::Cast(*ReadAll(InMemory("a.csv", "a\n1\n2\n3\n")).ValueOrDie()->column(0)->chunk(0),
                           arrow::float64()));
  ASSERT_OK_AND_ASSIGN(const auto pairs, arrow::StructArray::Make({numbers, list}, std::vector<std::string>{"n", "l"}));
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("s", pairs->type())}), {pairs});
  EXPECT_EQ(Written(*table).ValueOrDie(),
            "s\n\"{\"\"n\"\":1.0,\"\"l\"\":[\"\"a\\\"\"b\"\",null]}\"\n\"{\"\"n\"\":2.0,\"\"l\"\":[]}\"\n\"{\"\"n\"\":"
            "3.0,\"\"l\"\":null}\"\n");
}

TEST(CsvWriter, ObeysTheOptionsThatTheReaderObeys) {
  WriteOptions options;
  options.format.csv = {.delimiter = ';', .quote = '\'', .escape = '\\', .comment = '#', .null_values = {"NULL"}};
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv", "a,b\n\"x;y\",it's\n#c,\\\n,NULL\n")));
  ASSERT_OK_AND_ASSIGN(const auto text, Written(*table, options));
  ASSERT_OK_AND_ASSIGN(const auto back, ReadStrings(InMemory("a.csv", text), {.format = options.format}));
  EXPECT_EQ(Rows(*back), Rows(*table)) << text;
  options.format.csv.column_names = std::vector<std::string>{"a", "b"};
  EXPECT_FALSE(Written(*table, options).ValueOrDie().starts_with("a;b"));
}

TEST(CsvWriter, WritesABareHeaderForNoRows) {
  const auto table =
      arrow::Table::MakeEmpty(arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())}))
          .ValueOrDie();
  EXPECT_EQ(Written(*table).ValueOrDie(), "a,b\n");
}

TEST(CsvWriter, KeepsNullsOfASingleColumn) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", "a\n1\n\n3\n")));
  EXPECT_EQ(Written(*table).ValueOrDie(), "a\n1\n\n3\n");
}

TEST(CsvWriter, RefusesBatchesOfAnotherSchema) {
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  ASSERT_OK_AND_ASSIGN(const auto writer, FormatByName("csv").ValueOrDie()->OpenWriter(
                                              sink, arrow::schema({arrow::field("a", arrow::int64())}), {}));
  const auto table = ReadStrings(InMemory("a.csv", "a\n1\n")).ValueOrDie();
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a batch of a: int64",
               writer->Write(table->CombineChunksToBatch().ValueOrDie()));
}

TEST(CsvWriter, EncodesBatchesThatStandAlone) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv", "a,b\n1,\"x,y\"\n,z\n3,\n")));
  ASSERT_OK_AND_ASSIGN(const auto batch, table->CombineChunksToBatch());
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  ASSERT_OK_AND_ASSIGN(const auto writer, FormatByName("csv").ValueOrDie()->OpenWriter(sink, batch->schema(), {}));
  std::vector<std::shared_ptr<arrow::Buffer>> encoded(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < encoded.size(); ++i) {
    threads.emplace_back(
        [&, i] { encoded[i] = writer->Encode(*batch->Slice(static_cast<int64_t>(i % 3))).ValueOrDie(); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& bytes : encoded) ASSERT_OK(writer->WriteEncoded(*bytes));
  ASSERT_OK(writer->Close());
  EXPECT_EQ(sink->Finish().ValueOrDie()->ToString(), "a,b\n1,\"x,y\"\n,z\n3,\n,z\n3,\n3,\n1,\"x,y\"\n,z\n3,\n");
}

TEST(ValueText, WritesRealsThatAreTheSameWhenRead) {
  const auto text = [](double value) {
    char out[kMostValueText];
    return std::string(out, WriteReal(value, out));
  };
  EXPECT_EQ(text(0.0001), "0.0001");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(100000), "100000.0");
  EXPECT_EQ(text(999999999999999), "999999999999999.0");
  EXPECT_EQ(text(-12.30), "-12.3");
  EXPECT_EQ(text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(text(123456.789012), "123456.789012");
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t bits = random();
    double value = static_cast<double>(bits % 100'000'000) / (i % 2 == 0 ? 100 : 1'000'000);
    if (i % 3 == 0) std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    const auto written = text(value);
    EXPECT_EQ(std::strtod(written.c_str(), nullptr), value) << written;
    if (std::abs(value) >= 1e15) continue;  // integers there are written whole
    char shortest[64];
    const auto size = std::to_chars(shortest, shortest + 64, value, std::chars_format::scientific).ptr - shortest;
    // As many digits as the shortest text has, not counting zeros that only hold places.
    const auto digits = [](std::string_view number) {
      number = number.substr(0, number.find('e'));
      std::string kept;
      for (const char c : number) {
        if (c >= '0' && c <= '9' && (c != '0' || !kept.empty())) kept += c;
      }
      while (kept.ends_with('0')) kept.pop_back();
      return kept;
    };
    EXPECT_EQ(digits(written), digits({shortest, static_cast<size_t>(size)})) << written;
  }
}

TEST(FormatRegistry, FindsFormatsByNameAndByFileName) {
  EXPECT_EQ(FormatOfFile("a/b.c/x.csv.gz").ValueOrDie()->name(), "csv");
  EXPECT_EQ(FormatOfFile("x.CSV").ValueOrDie()->name(), "csv");
  EXPECT_EQ(FormatOfFile("s3://lake/t/x.snappy.parquet").ValueOrDie()->name(), "parquet");
  EXPECT_EQ(FormatOfFile("x.json.gz").ValueOrDie()->name(), "json");
  EXPECT_EQ(FormatOfFile("x.NDJSON.gz").ValueOrDie()->name(), "jsonl");
  EXPECT_EQ(FormatByName("parquet").ValueOrDie()->name(), "parquet");
  std::string known = "known: ";
  for (const auto* format : AllFormats()) known.append(known.ends_with(' ') ? "" : ", ").append(format->name());
  ASSERT_FAILS(ErrorKind::kInvalid, "no file format xls; " + known, FormatByName("xls"));
  for (const std::string name : {"x", "x.gz", "x.doc", ".csv", "a.csv/x"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "does not say its format; " + known, FormatOfFile(name));
  }
}

}  // namespace
}  // namespace glaux
