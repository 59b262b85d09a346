#include <gtest/gtest.h>

#include <mutex>

#include "glaux/format/inflate_for_test.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;

const Format& Txt() { return *FormatByName("txt").ValueOrDie(); }

std::vector<std::string> Lines(std::string content, ReadOptions options = {}) {
  return Rows(*ReadAll(InMemory("a.log", std::move(content)), options).ValueOrDie());
}

Result<std::string> Written(const std::shared_ptr<arrow::RecordBatch>& batch,
                            std::shared_ptr<arrow::Schema> schema = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto writer, Txt().OpenWriter(sink, schema ? schema : batch->schema(), {}));
  ARROW_RETURN_NOT_OK(writer->Write(batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto stored, sink->Finish());
  return stored->ToString();
}

TEST(Txt, NumbersItsLines) {
  EXPECT_THAT(Lines("a\n\nb c\r\nlast"), ElementsAre("a|1", "|2", "b c|3", "last|4"));
  EXPECT_THAT(Lines("a\n"), ElementsAre("a|1"));
  EXPECT_THAT(Lines("\n"), ElementsAre("|1"));
  EXPECT_THAT(Lines(""), ElementsAre());
  EXPECT_THAT(Lines("a\rb\r"), ElementsAre("a\rb|1"));
}

TEST(Txt, NumbersItsLinesAcrossBlocks) {
  std::string text;
  std::vector<std::string> expected;
  for (int i = 1; i <= 500; ++i) {
    text += std::string(static_cast<size_t>(i % 50), 'x') + (i % 3 == 0 ? "\r\n" : "\n");
    expected.push_back(std::string(static_cast<size_t>(i % 50), 'x') + "|" + std::to_string(i));
  }
  for (const int64_t bytes : {1, 10, 64, 1000}) {
    ReadOptions options;
    options.block_bytes = bytes;
    EXPECT_EQ(Lines(text, options), expected) << bytes;
  }
}

TEST(Txt, IsTextLogAndTxt) {
  for (const std::string name : {"a.txt", "a.text", "a.log", "a.log.gz"}) {
    EXPECT_EQ(FormatOfFile(name).ValueOrDie()->name(), "txt");
  }
  EXPECT_TRUE(Txt().carries_schema());
  EXPECT_EQ(Types(*Txt().Infer(InMemory("a.txt", "x"), {}).ValueOrDie().schema), "line: string, line_number: int64");
  ASSERT_FAILS(ErrorKind::kInvalid, "no encoding x",
               Txt().Infer(InMemory("a.txt", "x"), {.format = {.text = {.encoding = "x"}}}));
}

TEST(Txt, GivesTheColumnsThatAreAskedFor) {
  EXPECT_THAT(Lines("a\nb\n", WithSchema({arrow::field("line_number", arrow::int32())})), ElementsAre("1", "2"));
  EXPECT_THAT(
      Lines("7\n8\n", WithSchema({arrow::field("line_number", arrow::utf8()), arrow::field("line", arrow::int64())})),
      ElementsAre("1|7", "2|8"));
  ASSERT_OK_AND_ASSIGN(const auto none, ReadAll(InMemory("a.txt", "a\nb\n"), WithSchema({})));
  EXPECT_EQ(none->num_rows(), 2);
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.txt: no column x",
               ReadAll(InMemory("a.txt", "a\n"), WithSchema({arrow::field("x", arrow::utf8())})));
}

TEST(Txt, GivesDictionaries) {
  ReadOptions options;
  options.dictionary_strings = true;
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.txt", "a\nb\na\n"), options));
  EXPECT_EQ(Types(*table->schema()), "line: dictionary<values=string, indices=int32, ordered=0>, line_number: int64");
  EXPECT_THAT(Rows(*table), ElementsAre("a|1", "b|2", "a|3"));
}

TEST(Txt, NamesTheLineThatIsWrong) {
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.txt, line 2: expected UTF-8", ReadAll(InMemory("a.txt", "a\n\xff\nb\n")));
  const auto numbers = WithSchema({arrow::field("line", arrow::int64())});
  const auto read = ReadAll(InMemory("a.txt", "1\n2\nx\n"), numbers);
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.txt, line 3, column line: expected int64, found string", read);
  EXPECT_EQ(InfoOf(read.status()).code, kTypeConflict);
}

TEST(Txt, LimitsItsLines) {
  ReadOptions options;
  options.format.txt.max_line_bytes = 10;
  const std::string ten(10, 'x');
  EXPECT_EQ(Lines("a\n" + ten + "\r\n" + ten, options).size(), 3u);
  for (const int64_t bytes : {4, 1000}) {
    options.block_bytes = bytes;
    for (const char* end : {"", "\n"}) {
      ASSERT_FAILS(ErrorKind::kInvalid, "read a.txt, line 2: line longer than max_line_bytes (10)",
                   ReadAll(InMemory("a.txt", "a\n" + ten + "yz!" + end), options));
    }
  }
  options.format.txt.max_line_bytes = 0;
  ASSERT_FAILS(ErrorKind::kInvalid, "max_line_bytes is 0", ReadAll(InMemory("a.txt", "a"), options));
}

TEST(Txt, HandsBadLinesOver) {
  auto options = WithSchema({arrow::field("line", arrow::int64()), arrow::field("line_number", arrow::int64())});
  std::vector<std::string> bad;
  options.on_bad_row = [&](BadRow row) {
    bad.push_back(std::to_string(row.line) + ":" + row.content);
    return Status::OK();
  };
  options.format.txt.max_line_bytes = 5;
  EXPECT_THAT(Lines("1\nx\n3\n\xff\n1234567\n6\n", options), ElementsAre("1|1", "3|3", "6|6"));
  EXPECT_THAT(bad, ElementsAre("4:\xff", "5:1234567", "2:x"));
}

TEST(Txt, ReadsOtherEncodingsAndCompressions) {
  ReadOptions options;
  options.format.text.encoding = "latin-1";
  ASSERT_OK_AND_ASSIGN(const auto table,
                       ReadAll(InMemory("a.log.xz", Compressed("\xe4\n\xf6", "xz").ValueOrDie()), options));
  EXPECT_THAT(Rows(*table), ElementsAre("ä|1", "ö|2"));
}

TEST(Txt, WritesALineForEachRow) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.txt", "a\n\nb c\n")));
  ASSERT_OK_AND_ASSIGN(const auto batch, table->CombineChunksToBatch());
  EXPECT_EQ(Written(batch).ValueOrDie(), "a\n\nb c\n");
  EXPECT_EQ(Written(batch->SelectColumns({0}).ValueOrDie()).ValueOrDie(), "a\n\nb c\n");
  ReadOptions options;
  options.dictionary_strings = true;
  ASSERT_OK_AND_ASSIGN(const auto encoded, ReadAll(InMemory("a.txt", "a\nb\na\n"), options));
  EXPECT_EQ(Written(encoded->CombineChunksToBatch().ValueOrDie(), batch->schema()).ValueOrDie(), "a\nb\na\n");
}

std::shared_ptr<arrow::RecordBatch> OneColumn(const std::shared_ptr<arrow::DataType>& type,
                                              const std::vector<std::string>& values, bool null) {
  arrow::StringBuilder builder;
  EXPECT_OK(builder.AppendValues(values));
  if (null) EXPECT_OK(builder.AppendNull());
  const auto array = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("message", type)}), array->length(), {array});
}

TEST(Txt, RefusesWhatIsNotALine) {
  ASSERT_FAILS(ErrorKind::kInvalid, "write txt, row 2, column message: expected one line, found a line break",
               Written(OneColumn(arrow::utf8(), {"a", "b\nc"}, false)));
  ASSERT_FAILS(ErrorKind::kInvalid, "found a line break", Written(OneColumn(arrow::utf8(), {"a\r"}, false)));
  ASSERT_FAILS(ErrorKind::kInvalid, "row 2, column message: expected one line, found null",
               Written(OneColumn(arrow::utf8(), {"a"}, true)));
  const auto two = arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::utf8())});
  ASSERT_FAILS(ErrorKind::kInvalid, "expected one string column", Txt().OpenWriter(nullptr, two, {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected one string column",
               Txt().OpenWriter(nullptr, arrow::schema({arrow::field("a", arrow::int64())}), {}));
}

}  // namespace
}  // namespace glaux
