#include <gtest/gtest.h>

#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> RowsOf(const std::string& content, const ReadOptions& options = {}) {
  const auto table = ReadAll(InMemory("a.csv", content), options);
  if (!table.ok()) return {table.status().ToString()};
  return Rows(**table);
}

std::vector<std::string> StringRowsOf(const std::string& content, const ReadOptions& options = {}) {
  const auto table = ReadStrings(InMemory("a.csv", content), options);
  if (!table.ok()) return {table.status().ToString()};
  return Rows(**table);
}

TEST(CsvReader, ReadsGzipLikePlainText) {
  const std::string text = "a,b,c\n1,2.5,x\n,3,\n";
  ASSERT_OK_AND_ASSIGN(const auto plain, ReadAll(InMemory("a.csv", text)));
  ASSERT_OK_AND_ASSIGN(const auto gzip, ReadAll(InMemory("a.csv.gz", testing::Gzip(text))));
  EXPECT_EQ(Types(*plain->schema()), "a: int64, b: double, c: string");
  EXPECT_TRUE(plain->Equals(*gzip));
}

TEST(CsvReader, KnowsGzipByItsFirstBytesWhateverTheName) {
  EXPECT_EQ(ReadAll(InMemory("a.csv", testing::Gzip("a\n1\n"))).ValueOrDie()->num_rows(), 1);
  ASSERT_FAILS(ErrorKind::kCorrupt, "a.csv.gz: the name ends in .gz", ReadAll(InMemory("a.csv.gz", "a\n1\n")));
}

TEST(CsvReader, KeepsNullAndEmptyStringApart) {
  EXPECT_THAT(RowsOf("a,b\nx,1\n,2\n\"\",3\n"), ElementsAre("x|1", "null|2", "|3"));
}

TEST(CsvReader, TakesAnEmptyValueAsNullWhereNoStringCanBe) {
  EXPECT_THAT(RowsOf("a,b\n\"\",x\n7,y\n"), ElementsAre("null|x", "7|y"));
}

TEST(CsvReader, TakesTheGivenWordsAsNullUnlessQuoted) {
  ReadOptions options;
  options.format.csv.null_values = {"", "NA"};
  EXPECT_THAT(RowsOf("a,b\nNA,NA\n1,\"NA\"\n2,x\n", options), ElementsAre("null|null", "1|NA", "2|x"));
}

TEST(CsvReader, KeepsEmptyStringsWhereEmptyIsNotNull) {
  ReadOptions options;
  options.format.csv.null_values = {"NULL"};
  EXPECT_THAT(RowsOf("a,b\n,1\nNULL,2\nx,3\n", options), ElementsAre("|1", "null|2", "x|3"));
}

TEST(CsvReader, TrimsNothing) {
  EXPECT_THAT(RowsOf("a,b\n x ,1\n\ty,2\n"), ElementsAre(" x |1", "\ty|2"));
  EXPECT_EQ(Types(*ReadAll(InMemory("a.csv", "a\n 5\n")).ValueOrDie()->schema()), "a: string");
}

TEST(CsvReader, UnquotesAndKeepsNewlinesInQuotes) {
  EXPECT_THAT(RowsOf("a,b\n\"x \"\"y\"\"\",1\n\"l1\nl2\r\nl3,\",2\n"), ElementsAre("x \"y\"|1", "l1\nl2\r\nl3,|2"));
}

TEST(CsvReader, TakesQuotesInsideUnquotedFieldsAsTheyAre) {
  EXPECT_THAT(RowsOf("a,b\n5\" disk,x\"y\"z\nq,w\n"), ElementsAre("5\" disk|x\"y\"z", "q|w"));
}

TEST(CsvReader, KeepsTextBehindAClosingQuote) {
  EXPECT_THAT(RowsOf("a,b\n\"x\"y,1\n\"x\"\"\"z\"w,2\n"), ElementsAre("xy|1", "x\"z\"w|2"));
}

TEST(CsvReader, TakesEveryKindOfLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    EXPECT_THAT(RowsOf("a,b" + end + "1,x" + end + "2,\"y\"" + end), ElementsAre("1|x", "2|y"));
    EXPECT_THAT(RowsOf("a,b" + end + "1,x" + end + "2,y"), ElementsAre("1|x", "2|y"));
  }
}

TEST(CsvReader, SkipsBlankLinesBetweenRowsOfSeveralColumns) {
  EXPECT_THAT(RowsOf("\n\na,b\n\n1,x\n\r\n\n2,y\n\n"), ElementsAre("1|x", "2|y"));
}

TEST(CsvReader, TakesABlankLineAsNullInASingleColumn) {
  EXPECT_THAT(RowsOf("a\n1\n\n3\n"), ElementsAre("1", "null", "3"));
  EXPECT_THAT(RowsOf("a\r\n1\r\n\r\n3\r\n"), ElementsAre("1", "null", "3"));
}

TEST(CsvReader, DropsAByteOrderMark) {
  EXPECT_EQ(Types(*ReadAll(InMemory("a.csv", "\xef\xbb\xbf\"a\",b\n1,2\n")).ValueOrDie()->schema()),
            "a: int64, b: int64");
}

TEST(CsvReader, TakesOtherDelimitersQuotesEscapesAndComments) {
  ReadOptions options;
  options.format.csv = {.delimiter = '|', .quote = '\'', .escape = '\\', .comment = '#'};
  EXPECT_THAT(RowsOf("# a comment with 'a quote\na|b\n'x\\'y|z'|1\n#x|y\nl\\|r|2\n#end", options),
              ElementsAre("x'y|z|1", "l|r|2"));
}

TEST(CsvReader, NamesColumnsThatTheFileDoesNotName) {
  ReadOptions options;
  options.format.csv.column_names = std::vector<std::string>{};
  const auto generated = ReadAll(InMemory("a.csv", "1,x\n2,y\n"), options).ValueOrDie();
  EXPECT_EQ(Types(*generated->schema()), "f0: int64, f1: string");
  EXPECT_EQ(generated->num_rows(), 2);
  options.format.csv.column_names = std::vector<std::string>{"id", "name"};
  EXPECT_EQ(Types(*ReadAll(InMemory("a.csv", "1,x\n2,y\n"), options).ValueOrDie()->schema()),
            "id: int64, name: string");
  EXPECT_EQ(Types(*ReadAll(InMemory("a.csv", ",b,\n1,2,3\n")).ValueOrDie()->schema()),
            "column_1: int64, b: int64, column_3: int64");
}

TEST(CsvReader, ReadsOnlyTheColumnsAskedForInTheOrderAskedFor) {
  EXPECT_THAT(RowsOf("a,b,c\n1,bad,x\n2,bad,y\n",
                     WithSchema({arrow::field("c", arrow::utf8()), arrow::field("a", arrow::int32())})),
              ElementsAre("x|1", "y|2"));
  ASSERT_FAILS(ErrorKind::kInvalid, "no column d",
               ReadAll(InMemory("a.csv", "a\n1\n"), WithSchema({arrow::field("d", arrow::utf8())})));
  const auto none = ReadAll(InMemory("a.csv", "a\n1\n2\n"), WithSchema({}));
  ASSERT_OK(none);
}

TEST(CsvReader, GivesStringsAsDictionaries) {
  ReadOptions options;
  options.dictionary_strings = true;
  std::string text = "a,b\n";
  for (int i = 0; i < 500; ++i)
    text += "v" + std::to_string(i % 300) + "," + (i % 3 == 0 ? "" : i % 3 == 1 ? "\"\"" : "x") + "\n";
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), options));
  EXPECT_EQ(table->schema()->field(0)->type()->ToString(), "dictionary<values=string, indices=int32, ordered=0>");
  const auto rows = Rows(*table);
  EXPECT_EQ(rows[0], "v0|null");
  EXPECT_EQ(rows[301], "v1|");
  EXPECT_EQ(rows[302], "v2|x");
  const auto& array = static_cast<const arrow::DictionaryArray&>(*table->column(0)->chunk(0));
  EXPECT_EQ(array.dictionary()->length(), 300);
}

TEST(CsvReader, ConvertsToGivenTypes) {
  const auto one = [](const std::string& value, const std::shared_ptr<arrow::DataType>& type) {
    const auto rows = RowsOf("a,b\n" + value + ",1\n", WithSchema({arrow::field("a", type)}));
    return rows.empty() ? std::string() : rows[0];
  };
  EXPECT_EQ(one("12.50", arrow::decimal128(10, 2)), "12.50");
  EXPECT_EQ(one("12.5000", arrow::decimal128(10, 2)), "12.50");
  EXPECT_EQ(one("-3", arrow::decimal128(10, 2)), "-3.00");
  EXPECT_EQ(one("TRUE", arrow::boolean()), "true");
  EXPECT_EQ(one("-128", arrow::int8()), "-128");
  EXPECT_EQ(one("18446744073709551615", arrow::uint64()), "18446744073709551615");
  EXPECT_EQ(one("-9223372036854775808", arrow::int64()), "-9223372036854775808");
  EXPECT_EQ(one("0.1", arrow::float32()), "0.1");
  EXPECT_EQ(one("nan", arrow::float64()), "nan");
  EXPECT_EQ(one("-inf", arrow::float64()), "-inf");
  EXPECT_EQ(one("2024-02-29", arrow::date32()), "2024-02-29");
  const auto micro = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(one("2025-01-01T00:00:00Z", micro), "2025-01-01 00:00:00.000000");
  EXPECT_EQ(one("2025-01-01 02:30:00.5+02:00", micro), "2025-01-01 00:30:00.500000");
  EXPECT_EQ(one("2025-01-01", micro), "2025-01-01 00:00:00.000000");
  EXPECT_EQ(one("1969-12-31T23:59:59.123456", micro), "1969-12-31 23:59:59.123456");
  EXPECT_EQ(one("2025-01-01T00:00:00Z", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
            "2025-01-01 00:00:00.000000Z");
  EXPECT_EQ(one("x", arrow::large_utf8()), "x");
}

TEST(CsvReader, CutsBlocksOnlyWhereRowsEnd) {
  std::string text = "a,b,c\n";
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    const std::string middle = i % 7 == 0 ? "x\ny,\"\"" : i % 5 == 0 ? "say \"\"hi\"\"\r\n" : "plain";
    text += std::to_string(i) + ",\"" + middle + "\",5\" wide\r\n";
    expected.push_back(std::to_string(i) + "|" +
                       (i % 7 == 0   ? "x\ny,\""
                        : i % 5 == 0 ? "say \"hi\"\r\n"
                                     : "plain") +
                       "|5\" wide");
  }
  for (const int64_t block : {1, 64, 65, 70, 100, 127, 128, 1000, 100000}) {
    ReadOptions options = WithSchema(
        {arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()), arrow::field("c", arrow::utf8())});
    options.block_bytes = block;
    EXPECT_EQ(RowsOf(text, options), expected) << "block of " << block;
    options.format.csv.comment = '#';  // another way to find ends of rows
    EXPECT_EQ(RowsOf(text, options), expected) << "block of " << block << ", with comments";
  }
}

TEST(CsvReader, CutsBlocksOfFilesThatEndLinesWithCarriageReturns) {
  for (const std::string end : {"\r", "\r\n"}) {
    std::string text = "a" + end;
    std::vector<std::string> expected;
    for (int i = 0; i < 300; ++i) {
      text += std::to_string(i) + end;
      expected.push_back(std::to_string(i));
    }
    for (int64_t block = 64; block < 80; ++block) {
      ReadOptions options;
      options.block_bytes = block;
      EXPECT_EQ(RowsOf(text, options), expected) << "block of " << block;
    }
  }
}

TEST(CsvReader, ReadsLinesLongerThanABlock) {
  const std::string longest(300'000, 'x');
  ReadOptions options;
  options.block_bytes = 1000;
  const auto rows = StringRowsOf("a,b\n1,y\n2," + longest + "\n3,z\n", options);
  EXPECT_THAT(rows, ElementsAre("1|y", "2|" + longest, "3|z"));
}

TEST(CsvReader, HasNoColumnsInAnEmptyFileAndNoRowsUnderABareHeader) {
  for (const std::string& content : {std::string(), std::string("\n\n"), testing::Gzip("")}) {
    ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", content)));
    EXPECT_EQ(table->num_columns(), 0);
    EXPECT_EQ(table->num_rows(), 0);
  }
  for (const std::string& content : {std::string("a,b\n"), std::string("a,b"), testing::Gzip("a,b\r\n")}) {
    ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", content)));
    EXPECT_EQ(Types(*table->schema()), "a: null, b: null");
    EXPECT_EQ(table->num_rows(), 0);
  }
}

TEST(CsvReader, KeepsNulBytesInStrings) {
  const std::string text("a,b\nx\0y,1\n", 10);
  EXPECT_THAT(StringRowsOf(text), ElementsAre(std::string("x\0y|1", 5)));
}

TEST(CsvReader, TellsHowMuchOfTheFileWasRead) {
  const auto content = testing::Gzip("a,b\n1,2\n");
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       FormatByName("csv").ValueOrDie()->OpenReader(InMemory("a.csv.gz", content), {}));
  while (reader->Next().ValueOrDie()) {
  }
  EXPECT_EQ(reader->bytes_read(), static_cast<int64_t>(content.size()));
}

TEST(CsvReader, DecodesPiecesInAnyOrder) {
  std::string text = "a\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + "\n";
  ReadOptions options = WithSchema({arrow::field("a", arrow::int64())});
  options.block_bytes = 100;
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       FormatByName("csv").ValueOrDie()->OpenReader(InMemory("a.csv", text), options));
  std::vector<DecodeTask> tasks;
  while (auto task = reader->Next().ValueOrDie()) tasks.push_back(*std::move(task));
  int64_t sum = 0;
  for (size_t i = tasks.size(); i-- > 0;) {
    ASSERT_OK_AND_ASSIGN(const auto batch, tasks[i]());
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t row = 0; row < values.length(); ++row) sum += values.Value(row);
  }
  EXPECT_EQ(sum, 999 * 1000 / 2);
}

}  // namespace
}  // namespace glaux
