#include <gtest/gtest.h>

#include <mutex>

#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Reads a file and keeps what was left out, in the order it was told.
struct Tolerant {
  std::vector<BadRow> bad;
  ReadOptions options;

  Tolerant() {
    options.on_bad_row = [this](BadRow row) {
      bad.push_back(std::move(row));
      return Status::OK();
    };
  }
  std::vector<std::string> Read(const std::string& text) {
    auto table = ReadAll(InMemory("a.csv", text), options);
    return table.ok() ? Rows(**table) : std::vector<std::string>{table.status().ToString()};
  }
  /// "3|column|reason|content" for each.
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const auto& row : bad)
      told.push_back(std::to_string(row.line) + "|" + row.column + "|" + row.reason + "|" + row.content);
    return told;
  }
};

TEST(CsvBadRows, AreLeftOutAndToldInTheFilesOrder) {
  Tolerant file;
  file.options.schema = arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});
  EXPECT_THAT(file.Read("a,b\n1,x\n2\nthree,\"y\nz\"\n4,x,y\n5,\xff\n6,z\n"), ElementsAre("1|x", "6|z"));
  EXPECT_THAT(file.Told(),
              ElementsAre("3||expected 2 fields, found 1|2", "4|a|expected an int64, found: three|three,\"y\nz\"",
                          "6||expected 2 fields, found 3|4,x,y",
                          "7|b|expected UTF-8, found bytes that are not (as ?): ?|5,\xff"));
  EXPECT_EQ(file.bad[0].file, "a.csv");
}

TEST(CsvBadRows, NameTheFirstColumnThatDoesNotConvertAndCountOnce) {
  Tolerant file;
  file.options.schema = arrow::schema({arrow::field("c", arrow::int64()), arrow::field("a", arrow::int64())});
  EXPECT_THAT(file.Read("a,b,c\nx,y,z\n1,2,3\n"), ElementsAre("3|1"));
  EXPECT_THAT(file.Told(), ElementsAre("2|c|expected an int64, found: z|x,y,z"));
}

TEST(CsvBadRows, InColumnsThatAreNotReadAreFine) {
  Tolerant file;
  file.options.schema = arrow::schema({arrow::field("a", arrow::int64())});
  EXPECT_THAT(file.Read("a,b\n1,\xff\n"), ElementsAre("1"));
  EXPECT_TRUE(file.bad.empty());
}

TEST(CsvBadRows, MakeTheRestOfAFileOneWhereAQuoteIsNeverClosed) {
  Tolerant file;
  EXPECT_THAT(file.Read("a,b\n1,x\n2,\"y\n3,z\n"), ElementsAre("1|x"));
  EXPECT_THAT(file.Told(), ElementsAre("3||a quote opens in this row and is never closed|2,\"y\n3,z\n"));
}

TEST(CsvBadRows, MayBeAllRowsOfABlockOrAFile) {
  Tolerant file;
  file.options.schema = arrow::schema({arrow::field("a", arrow::int64())});
  EXPECT_TRUE(file.Read("a\nx\ny\n").empty());
  EXPECT_EQ(file.bad.size(), 2U);
}

TEST(CsvBadRows, AreTheSameHoweverTheFileIsCutIntoBlocks) {
  std::string text = "id,amount,note\n";
  std::vector<std::string> good;
  int bad = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto id = std::to_string(i);
    if (i % 7 == 3) {
      text += id + ",oops,\"a\nb\"\n";
    } else if (i % 11 == 5) {
      text += id + "\r\n";
    } else {
      text += id + ",1.5,\"n " + id + "\"\n";
      good.push_back(id + "|1.5|n " + id);
      continue;
    }
    ++bad;
  }
  for (const int64_t block_bytes : {64, 1000, 4096, 1 << 20}) {
    for (const bool dictionary : {false, true}) {
      Tolerant file;
      file.options.block_bytes = block_bytes;
      file.options.dictionary_strings = dictionary;
      file.options.schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("amount", arrow::float64()),
                                           arrow::field("note", arrow::utf8())});
      EXPECT_EQ(file.Read(text), good) << block_bytes;
      EXPECT_EQ(file.bad.size(), static_cast<size_t>(bad));
      EXPECT_EQ(file.bad.front().line, 5);
      EXPECT_EQ(file.bad.back().content.substr(0, 4), "2999");
    }
  }
}

TEST(CsvBadRows, LongerThanALineMayBeArePassedOver) {
  for (const int64_t block_bytes : {64, 700, 1 << 20}) {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      Tolerant file;
      file.options.block_bytes = block_bytes;
      file.options.format.csv.max_line_bytes = 500;
      file.options.format.csv.comment = '#';
      file.options.schema = arrow::schema({arrow::field("a", arrow::int64())});
      const std::string text = "a,b" + end + "1,x" + end + "2," + std::string(150'000, 'y') + end + "#" +
                               std::string(2000, 'c') + end + "3,z" + end + "4,\"" + std::string(600, 'q') + "\"" +
                               end + "x,z" + end + "6,z" + end;
      EXPECT_THAT(file.Read(text), ElementsAre("1", "3", "6")) << block_bytes;
      ASSERT_EQ(file.bad.size(), 3U) << block_bytes;
      EXPECT_EQ(file.bad[0].line, 3);
      EXPECT_EQ(file.bad[1].line, 6) << block_bytes;
      EXPECT_EQ(file.bad[2].line, 7);
      EXPECT_THAT(file.bad[0].reason, HasSubstr("longer than max_line_bytes (500)"));
      EXPECT_LE(file.bad[0].content.size(), size_t{64} << 10);
      EXPECT_TRUE(file.bad[0].content.starts_with("2,yyy"));
    }
  }
}

TEST(CsvBadRows, AQuoteThatIsNotClosedWithinALineTakesWhatIsBehindIt) {
  Tolerant file;
  file.options.block_bytes = 64;
  file.options.format.csv.max_line_bytes = 200;
  std::string text = "a,b\n1,2\n3,\"x\n";
  for (int i = 0; i < 1000; ++i) text += "4,5\n";
  EXPECT_THAT(file.Read(text), ElementsAre("1|2"));
  ASSERT_EQ(file.bad.size(), 1U);
  EXPECT_EQ(file.bad[0].line, 3);
  EXPECT_THAT(file.bad[0].reason, HasSubstr("a quote opens in this row and is not closed within max_line_bytes"));
}

TEST(CsvBadRows, CutContentBetweenCharacters) {
  Tolerant file;
  std::string note = "x";
  for (int i = 0; i < 40'000; ++i) note += "ä";
  EXPECT_TRUE(file.Read("a,b\n1,2,\"" + note + "\"\n").empty());
  ASSERT_EQ(file.bad.size(), 1U);
  EXPECT_GT(file.bad[0].content.size(), size_t{65'000});
  EXPECT_TRUE(file.bad[0].content.ends_with("ä"));
}

TEST(CsvBadRows, EndTheReadWhenTheTakerSaysSo) {
  ReadOptions options;
  options.on_bad_row = [](const BadRow& row) {
    return MakeError(ErrorKind::kInvalid, "too many bad rows, the last in line ", row.line);
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "too many bad rows, the last in line 3",
               ReadAll(InMemory("a.csv", "a,b\n1,2\n3\n"), options).status());
}

TEST(CsvBadRows, DoNotHideErrorsOfTheHeaderOrTheOptions) {
  Tolerant file;
  ASSERT_FAILS(ErrorKind::kInvalid, "have one name", ReadAll(InMemory("a.csv", "a,a\n1,2\n"), file.options).status());
  ASSERT_FAILS(ErrorKind::kInvalid, "a quote opens", ReadAll(InMemory("a.csv", "a,\"b\n1,2\n"), file.options).status());
}

TEST(CsvBadRows, ArePassedOverByInferenceToo) {
  const auto* csv = FormatByName("csv").ValueOrDie();
  const auto input = InMemory("a.csv", "a,b\n1,2\n3\n4,5\n6,\"x\n");
  EXPECT_FALSE(csv->Infer(input, {}).ok());
  ASSERT_OK_AND_ASSIGN(const auto inferred, csv->Infer(input, {.skip_bad_rows = true}));
  EXPECT_EQ(Types(*inferred.schema), "a: int64, b: int64");
  EXPECT_EQ(inferred.rows_seen, 2);
  EXPECT_TRUE(inferred.complete);
}

TEST(CsvReader, KeepsAByteOrderMarkInTheMiddleAsData) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv",
                                                              "\xef\xbb\xbf"
                                                              "a,b\n1,x\n\xef\xbb\xbf"
                                                              "a,b\n2,y\n")));
  EXPECT_THAT(Rows(*table), ElementsAre("1|x",
                                        "\xef\xbb\xbf"
                                        "a|b",
                                        "2|y"));
}

}  // namespace
}  // namespace glaux
