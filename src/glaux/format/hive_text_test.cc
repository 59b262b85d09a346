#include <arrow/api.h>
#include <gtest/gtest.h>

#include "glaux/format/format.h"
#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

using Serde = HiveTextOptions::Serde;

Result<std::shared_ptr<arrow::Table>> Read(const std::string& content, const HiveTextOptions& text,
                                           arrow::FieldVector fields, std::vector<std::string>* notes = nullptr,
                                           int64_t block_bytes = 1 << 20) {
  ReadOptions options{.schema = arrow::schema(std::move(fields)), .block_bytes = block_bytes};
  options.format.hive_text = text;
  ARROW_ASSIGN_OR_RAISE(auto reader, HiveTextFormat().OpenReader(InMemory("t/a.txt", content), options));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto task, reader->Next());
    if (!task) break;
    ARROW_ASSIGN_OR_RAISE(batches.emplace_back(), (*task)());
    ARROW_RETURN_NOT_OK(batches.back()->ValidateFull());
  }
  if (notes != nullptr) *notes = reader->notes();
  return arrow::Table::FromRecordBatches(reader->schema(), std::move(batches));
}

HiveTextOptions Commas(std::vector<std::string> names) {
  HiveTextOptions options{.column_names = std::move(names)};
  options.separators[0] = ',';
  return options;
}

HiveTextOptions Csv(std::vector<std::string> names) {
  auto options = Commas(std::move(names));
  options.serde = Serde::kOpenCsv;
  options.escape = '\\';
  return options;
}

const auto kA = arrow::field("a", arrow::utf8());
const auto kB = arrow::field("b", arrow::utf8());
const auto kN = arrow::field("n", arrow::int32());

TEST(HiveText, ReadsTheColumnsThatAreAskedForWhereverBlocksAreCut) {
  std::string content;
  std::vector<std::string> wanted;
  for (int i = 0; i < 500; ++i) {
    content += "text " + std::to_string(i) + "," + std::to_string(i) + ",rest\n";
    wanted.push_back(std::to_string(i) + "|text " + std::to_string(i));
  }
  for (const int64_t block : {64, 100, 1000, 1 << 20}) {
    ASSERT_OK_AND_ASSIGN(const auto table, Read(content, Commas({"a", "n", "b"}), {kN, kA}, nullptr, block));
    EXPECT_EQ(Rows(*table), wanted) << block;
  }
}

TEST(HiveText, CountsLinesWithoutColumns) {
  for (const auto& [content, rows] : std::vector<std::pair<std::string, int64_t>>{
           {"", 0}, {"a", 1}, {"a\n", 1}, {"a\n\n", 2}, {"\n", 1}, {"a\nb", 2}}) {
    ASSERT_OK_AND_ASSIGN(const auto table, Read(content, Commas({"a"}), {}));
    EXPECT_EQ(table->num_rows(), rows) << content;
  }
}

TEST(HiveText, TakesMissingFieldsForNullAndIgnoresMore) {
  ASSERT_OK_AND_ASSIGN(const auto table, Read("1\n\n2,x,y,z\n,\n", Commas({"n", "a"}), {kN, kA}));
  EXPECT_EQ(Rows(*table), (std::vector<std::string>{"1|null", "null|null", "2|x", "null|"}));
}

TEST(HiveText, SkipsHeaderLines) {
  auto options = Commas({"n"});
  options.skip_lines = 2;
  for (const int64_t block : {64, 1 << 20}) {
    ASSERT_OK_AND_ASSIGN(const auto table, Read(std::string(100, 'h') + "\nhead\n1\n2", options, {kN}, nullptr, block));
    EXPECT_EQ(Rows(*table), (std::vector<std::string>{"1", "2"}));
  }
  ASSERT_OK_AND_ASSIGN(const auto table, Read("only\n", options, {kN}));
  EXPECT_EQ(table->num_rows(), 0);
}

TEST(HiveText, TakesEscapesAndTheRest) {
  auto options = Commas({"a", "b"});
  options.escape = '\\';
  ASSERT_OK_AND_ASSIGN(auto table, Read("x\\,y,z\\\\\n", options, {kA, kB}));
  EXPECT_EQ(Rows(*table), (std::vector<std::string>{"x,y|z\\"}));
  options.escape.reset();
  options.last_takes_rest = true;
  ASSERT_OK_AND_ASSIGN(table, Read("x,y,z\n", options, {kA, kB}));
  EXPECT_EQ(Rows(*table), (std::vector<std::string>{"x|y,z"}));
}

TEST(HiveText, ReadsNestedValuesByTheirSeparators) {
  auto options = Commas({"v"});
  options.separators = ",;:~\x05";
  const auto list = arrow::field("v", arrow::list(arrow::int32()));
  ASSERT_OK_AND_ASSIGN(auto table, Read("1;x;3\n\\N\n\n", options, {list}));
  EXPECT_EQ(Rows(*table).size(), 3u);
  EXPECT_EQ(table->column(0)->null_count(), 1);
  const auto map = arrow::field("v", arrow::map(arrow::utf8(), arrow::list(arrow::int32())));
  ASSERT_OK_AND_ASSIGN(table, Read("k:1~2;l:3;m\n", options, {map}));
  ASSERT_OK_AND_ASSIGN(const auto value, table->column(0)->GetScalar(0));
  EXPECT_NE(value->ToString().find("l"), std::string::npos) << value->ToString();
  const auto deep =
      arrow::field("v", arrow::list(arrow::list(arrow::list(arrow::list(arrow::list(arrow::list(arrow::int32())))))));
  EXPECT_EQ(KindOf(Read("1\n", options, {deep}).status()), ErrorKind::kNotImplemented);
}

TEST(HiveText, OpenCsvTakesLinesApartAsOpenCsvDoes) {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {R"("x,y","z")", "x,y|z"},
      {R"("say ""hi""",b)", "say \"hi\"|b"},
      {R"("a\"b",c)", "a\"b|c"},
      {"x,y\r", "x|y"},
      {"", "null|null"},
      {"x", "x|null"},
      {R"(,"")", "|"},
      {R"(x,  "padded")", "x|padded"},
      {R"(x,5" pipe)", "x|null"},
      {R"(abc"d"ef,g)", "abc\"d\"ef|g"},
  };
  for (const auto& [line, wanted] : lines) {
    ASSERT_OK_AND_ASSIGN(const auto table, Read(line + "\n", Csv({"a", "b"}), {kA, kB}));
    EXPECT_EQ(Rows(*table), std::vector<std::string>{wanted}) << line;
  }
}

TEST(HiveText, OpenCsvTellsOfQuotesThatStayOpen) {
  std::vector<std::string> notes;
  ASSERT_OK_AND_ASSIGN(const auto table, Read("x,y\na,\"b\nc\",d\n", Csv({"a", "b"}), {kA, kB}, &notes));
  EXPECT_EQ(table->num_rows(), 3);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("the first of them line 2"), std::string::npos) << notes[0];
}

TEST(HiveText, OpenCsvNamesWhatIsNoNumberOrMakesItNull) {
  auto options = Csv({"a", "n"});
  const auto refused = Read("x,1\ny,two\n", options, {kN}).status();
  EXPECT_EQ(KindOf(refused), ErrorKind::kCorrupt);
  EXPECT_NE(refused.message().find("t/a.txt, line 2, column n: expected an int32, found: two"), std::string::npos)
      << refused.message();
  options.null_for_invalid = true;
  ASSERT_OK_AND_ASSIGN(const auto table, Read("x,1\ny,two\n", options, {kN}));
  EXPECT_EQ(Rows(*table), (std::vector<std::string>{"1", "null"}));
}

TEST(HiveText, BytesThatAreNoUtf8AreReplacedAndTold) {
  std::vector<std::string> notes;
  ASSERT_OK_AND_ASSIGN(const auto table, Read("caf\xe9,\xf0\x9f\x98\n", Commas({"a", "b"}), {kA, kB}, &notes));
  EXPECT_EQ(Rows(*table), std::vector<std::string>{"caf\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"});
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("2 values have bytes that are no UTF-8"), std::string::npos);
}

TEST(HiveText, ALineThatIsTooLongIsNamed) {
  auto options = Commas({"a"});
  options.max_line_bytes = 100;
  const auto status = Read("short\n" + std::string(5000, 'x'), options, {kA}, nullptr, 64).status();
  EXPECT_NE(status.message().find("t/a.txt, line 2"), std::string::npos) << status.message();
}

Result<std::shared_ptr<arrow::Table>> ReadJson(const std::string& content, const HiveJsonOptions& hive,
                                               arrow::FieldVector fields) {
  auto options = WithSchema(std::move(fields));
  options.format.json.hive = hive;
  return ReadAll(InMemory("t/a.jsonl", content), options);
}

TEST(HiveJson, FindsKeysWhateverTheirCaseAndName) {
  const HiveJsonOptions hive{.dots_are_underscores = true, .keys = {{"id", "ID-Number"}}};
  const auto nested = arrow::field("o", arrow::struct_({arrow::field("userid", arrow::int64())}));
  ASSERT_OK_AND_ASSIGN(
      const auto table,
      ReadJson(R"({"Id-NUMBER": 1, "a.B": "x", "O": {"userId": 7}})"
               "\n"
               R"({"id-number": 2, "A_b": "y"})",
               hive, {arrow::field("id", arrow::int32()), arrow::field("a_b", arrow::utf8()), nested}));
  ASSERT_OK_AND_ASSIGN(const auto first, table->column(2)->GetScalar(0));
  EXPECT_NE(first->ToString().find("7"), std::string::npos) << first->ToString();
  ASSERT_OK_AND_ASSIGN(const auto plain, table->RemoveColumn(2));
  EXPECT_EQ(Rows(*plain), (std::vector<std::string>{"1|x", "2|y"}));
}

TEST(HiveJson, LenientValuesAreReadByTheirText) {
  const HiveJsonOptions hive{.lenient = true};
  const arrow::FieldVector fields = {kN, arrow::field("t", arrow::boolean()), arrow::field("d", arrow::date32()), kA};
  ASSERT_OK_AND_ASSIGN(const auto table, ReadJson(R"({"n": "12", "t": "TRUE", "d": "2020-01-15", "a": 1.50})"
                                                  "\n\n"
                                                  R"({"n": "x", "t": "no", "d": 18276, "a": [1, {"b": null}]})"
                                                  "\n17\n",
                                                  hive, fields));
  EXPECT_EQ(Rows(*table), (std::vector<std::string>{"12|true|2020-01-15|1.50", "null|null|null|null",
                                                    "null|false|2020-01-15|[1,{\"b\":null}]", "null|null|null|null"}));
  EXPECT_EQ(KindOf(ReadJson(R"({"n": {"x": 1}})", hive, {kN}).status()), ErrorKind::kInvalid);
}

TEST(HiveJson, MalformedLinesAreNullWhereThatIsSaid) {
  HiveJsonOptions hive;
  const std::string content = "{\"n\": 1}\n{\"n\": 2\n[1]\n{\"n\": 4}\n";
  EXPECT_EQ(KindOf(ReadJson(content, hive, {kN}).status()), ErrorKind::kInvalid);
  hive.null_for_malformed = true;
  ASSERT_OK_AND_ASSIGN(const auto table, ReadJson(content, hive, {kN}));
  EXPECT_EQ(Rows(*table), (std::vector<std::string>{"1", "null", "null", "4"}));
}

TEST(HiveJson, SkipsHeaderLines) {
  const HiveJsonOptions hive{.skip_lines = 1};
  ASSERT_OK_AND_ASSIGN(const auto table, ReadJson("not json\n{\"n\": 1}\n", hive, {kN}));
  EXPECT_EQ(Rows(*table), std::vector<std::string>{"1"});
}

}  // namespace
}  // namespace glaux
