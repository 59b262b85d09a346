#include <gtest/gtest.h>

#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Result<std::shared_ptr<arrow::Table>> Lines(std::string content, const ReadOptions& options = {}) {
  return ReadAll(InMemory("a.jsonl", std::move(content)), options);
}

Result<std::shared_ptr<arrow::Table>> Document(std::string content, const ReadOptions& options = {}) {
  return ReadAll(InMemory("a.json", std::move(content)), options);
}

/// One line, {"v": <text>}, read as this type.
Result<std::string> ValueAs(const std::string& text, const std::shared_ptr<arrow::DataType>& type) {
  ARROW_ASSIGN_OR_RAISE(const auto table, Lines("{\"v\":" + text + "}", WithSchema({arrow::field("v", type)})));
  return Rows(*table)[0];
}

bool Conflicts(const std::string& text, const std::shared_ptr<arrow::DataType>& type) {
  const auto status = ValueAs(text, type).status();
  return KindOf(status) == ErrorKind::kInvalid && InfoOf(status).code == kTypeConflict;
}

std::vector<std::string> NotesOf(const std::string& name, const std::string& content, const ReadOptions& options) {
  auto reader = FormatOfFile(name).ValueOrDie()->OpenReader(InMemory(name, content), options).ValueOrDie();
  while (const auto task = reader->Next().ValueOrDie()) EXPECT_OK((*task)());
  return reader->notes();
}

std::map<std::string, int64_t> UnknownKeysOf(const std::string& name, const std::string& content,
                                             const ReadOptions& options) {
  auto reader = FormatOfFile(name).ValueOrDie()->OpenReader(InMemory(name, content), options).ValueOrDie();
  while (const auto task = reader->Next().ValueOrDie()) EXPECT_OK((*task)());
  return reader->unknown_keys();
}

TEST(JsonReader, ReadsARecordALine) {
  ASSERT_OK_AND_ASSIGN(const auto table, Lines("{\"a\":1,\"b\":\"x\"}\r\n\n  \t\n{\"b\":\"y\",\"a\":2}\n{\"c\":true}"));
  EXPECT_EQ(Types(*table->schema()), "a: int64, b: string, c: bool");
  EXPECT_THAT(Rows(*table), ElementsAre("1|x|null", "2|y|null", "null|null|true"));
}

TEST(JsonReader, ReadsFilesByTheirNames) {
  const auto packed = testing::Gzip("{\"a\":1}\n{\"a\":2}\n");
  for (const std::string name : {"a.json.gz", "a.jsonl.gz", "a.ndjson.gz"}) {
    ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory(name, packed)));
    EXPECT_THAT(Rows(*table), ElementsAre("1", "2")) << name;
  }
}

TEST(JsonReader, ReadsEveryShapeOfDocument) {
  const std::vector<std::string> three = {"1|x", "2|y", "3|null"};
  for (const std::string content :
       {"[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"},{\"a\":3}]",
        "\n[\n {\"a\":1,\"b\":\"x\"}\n,\n{\"b\":\"y\",\"a\":2},{\"a\":3}\n]\n",
        "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n{\"a\":3}\n",
        "{\"a\":1,\"b\":\"x\"}{\"a\":2,\"b\":\"y\"} {\"a\":3}",
        "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n{\n  \"a\": 2,\n  \"b\": \"y\"\n}{\n  \"a\": 3\n}",
        "\xef\xbb\xbf[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"},{\"a\":3}]"}) {
    for (int64_t block = 1; block <= 40; ++block) {
      const auto schema = WithSchema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())}).schema;
      ASSERT_OK_AND_ASSIGN(const auto table, Document(content, {.schema = schema, .block_bytes = block}));
      EXPECT_EQ(Rows(*table), three) << content << block;
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto one, Document("{\"a\":{\"b\":[1,2]}}"));
  EXPECT_EQ(Types(*one->schema()), "a: struct<b: list<item: int64>>");
  ASSERT_OK_AND_ASSIGN(const auto none, Document(" [ ] "));
  EXPECT_EQ(none->num_rows(), 0);
  ASSERT_OK_AND_ASSIGN(const auto empty, Document("[{},{}]"));
  EXPECT_EQ(empty->num_columns(), 0);
}

TEST(JsonReader, CallsWhatIsNoObjectValue) {
  ASSERT_OK_AND_ASSIGN(const auto numbers, Document("[1, 2, null]"));
  EXPECT_EQ(Types(*numbers->schema()), "value: int64");
  EXPECT_THAT(Rows(*numbers), ElementsAre("1", "2", "null"));
  ASSERT_OK_AND_ASSIGN(const auto scalar, Document("\"x\""));
  EXPECT_THAT(Rows(*scalar), ElementsAre("x"));
  ASSERT_OK_AND_ASSIGN(const auto lists, Lines("[1,2]\n[]\n"));
  EXPECT_EQ(Types(*lists->schema()), "value: list<item: int64>");
  ASSERT_OK_AND_ASSIGN(const auto mixed, Document("[{\"a\":1}, 5, \"x\", [true]]"));
  EXPECT_EQ(Types(*mixed->schema()), "a: int64, value: string");
  EXPECT_THAT(Rows(*mixed), ElementsAre("1|null", "null|5", "null|x", "null|[true]"));
}

TEST(JsonReader, FindsTheRecordsWithinADocument) {
  const std::string content =
      "{\"meta\":{\"n\":[1,{\"Records\":7}],\"s\":\"\\\"]}\"},\"a/"
      "b\":[0,{\"Records\":[{\"v\":1},\n{\"v\":2}],\"x\":[]}],\"z\":1.5e3}";
  for (int64_t block = 1; block <= 60; ++block) {
    ReadOptions options = WithSchema({arrow::field("v", arrow::int64())});
    options.format.json.records = "/a~1b/1/Records";
    options.block_bytes = block;
    ASSERT_OK_AND_ASSIGN(const auto table, Document(content + "\n" + content, options));
    EXPECT_THAT(Rows(*table), ElementsAre("1", "2", "1", "2"));
    options.format.json.records = "/meta";
    options.schema = arrow::schema({arrow::field("s", arrow::utf8())});
    ASSERT_OK_AND_ASSIGN(const auto one, Document(content, options));
    EXPECT_THAT(Rows(*one), ElementsAre("\"]}"));
  }
  const auto fails = [](const std::string& text, const std::string& records) {
    ReadOptions options;
    options.format.json.records = records;
    return Document(text, options).status();
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "nothing at /Rows", fails("{\"Records\":[]}", "/Rows"));
  ASSERT_FAILS(ErrorKind::kInvalid, "comes twice", fails("{\"r\":[],\"r\":[{}]}", "/r"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a comma or }", fails("{\"r\":[] \"x\"}", "/r"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a value, found 01", fails("{\"x\":01,\"r\":[]}", "/r"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a value, found tru", fails("{\"r\":[],\"x\":tru}", "/r"));
  ASSERT_FAILS(ErrorKind::kInvalid, "found the end of the file", fails("{\"r\":[]", "/r"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected the end of the file", fails("{\"r\":[]} x", "/r"));
  ASSERT_FAILS(ErrorKind::kInvalid, "nesting deeper than 512",
               fails("{\"x\":" + std::string(100'000, '[') + ",\"r\":[]}", "/r"));
  EXPECT_EQ(InfoOf(fails("{}", "r")).hint, "write /r");
  ReadOptions options;
  options.format.json.records = "/r";
  ASSERT_FAILS(ErrorKind::kInvalid, "jsonl has a record a line", Lines("{}", options));
}

TEST(JsonReader, GivesTheSameRowsWithEveryBlockSize) {
  std::string lines;
  std::string array = "[";
  std::vector<std::string> rows;
  for (int i = 0; i < 30; ++i) {
    std::string text = "x";
    for (int j = 0; j < i % 7; ++j) text += "\\\\\\\"{],";
    const auto record = "{\"i\":" + std::to_string(i) + ",\"s\":\"" + text + "\",\"l\":[{\"k\":[" + std::to_string(i) +
                        "]},{}],\"unknown\":{\"a\":[]}}";
    lines += record + (i % 3 == 0 ? "\n\n" : "\r\n");
    array += (i == 0 ? "" : i % 2 == 0 ? "," : " ,\n ") + record;
  }
  array += "]";
  const auto schema =
      arrow::schema({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("l", arrow::list(arrow::struct_({arrow::field("k", arrow::list(arrow::int32()))})))});
  ASSERT_OK_AND_ASSIGN(const auto expected, Lines(lines, {.schema = schema}));
  ASSERT_EQ(expected->num_rows(), 30);
  for (int64_t block = 1; block <= 200; ++block) {
    for (const bool dictionaries : {false, true}) {
      const ReadOptions options = {.schema = schema, .dictionary_strings = dictionaries, .block_bytes = block};
      ASSERT_OK_AND_ASSIGN(const auto from_lines, Lines(lines, options));
      ASSERT_OK_AND_ASSIGN(const auto from_array, Document(array, options));
      ASSERT_OK_AND_ASSIGN(const auto from_values, Document(lines, options));
      EXPECT_EQ(Rows(*from_lines), Rows(*expected)) << block;
      EXPECT_EQ(Rows(*from_array), Rows(*expected)) << block;
      EXPECT_EQ(Rows(*from_values), Rows(*expected)) << block;
    }
  }
}

/// An array of many records, made as it is read.
class EndlessArray final : public arrow::io::RandomAccessFile {
 public:
  static constexpr int64_t kRecords = 4'000'000;
  static constexpr std::string_view kRecord = "{\"a\":12345,\"b\":\"xyz\"},\n";
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return 0; }
  Status Seek(int64_t) override { return Status::OK(); }
  Result<int64_t> GetSize() override { return Size(); }
  Result<int64_t> Read(int64_t, void*) override { return Status::NotImplemented("reads have a position"); }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t) override {
    return Status::NotImplemented("reads have a position");
  }
  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    const int64_t have = std::clamp<int64_t>(Size() - position, 0, size);
    auto* const to = static_cast<char*>(out);
    for (int64_t i = 0; i < have; ++i) {
      const int64_t at = position + i;
      to[i] = at == 0 ? '[' : at == Size() - 2 ? '0' : at == Size() - 1 ? ']' : kRecord[(at - 1) % kRecord.size()];
    }
    return have;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size));
    ARROW_ASSIGN_OR_RAISE(const int64_t have, ReadAt(position, size, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(have));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  static int64_t Size() { return 1 + kRecords * static_cast<int64_t>(kRecord.size()) + 2; }
};

TEST(JsonReader, HoldsAPieceOfAHugeArrayOnly) {
  const InputFile input = {.name = "a.json", .file = std::make_shared<EndlessArray>()};
  auto reader = FormatByName("json").ValueOrDie()->OpenReader(input, WithSchema({arrow::field("a", arrow::int32())}));
  ASSERT_OK(reader);
  const int64_t before = arrow::default_memory_pool()->bytes_allocated();
  int64_t most = 0;
  int64_t rows = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto task, (*reader)->Next());
    if (!task) break;
    ASSERT_OK_AND_ASSIGN(const auto batch, (*task)());
    rows += batch->num_rows();
    most = std::max(most, arrow::default_memory_pool()->bytes_allocated() - before);
  }
  EXPECT_EQ(rows, EndlessArray::kRecords + 1);
  EXPECT_LT(most, 16 << 20);
}

TEST(JsonReader, ConvertsExactlyOrNotAtAll) {
  const auto micro = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  using Case = std::tuple<std::string, std::shared_ptr<arrow::DataType>, std::string>;
  for (const auto& [text, type, expected] : std::vector<Case>{
           {"9223372036854775807", arrow::int64(), "9223372036854775807"},
           {"-9223372036854775808", arrow::int64(), "-9223372036854775808"},
           {"18446744073709551615", arrow::uint64(), "18446744073709551615"},
           {"-128", arrow::int8(), "-128"},
           {"0", arrow::uint8(), "0"},
           {"0.1", arrow::float64(), "0.1"},
           {"-0", arrow::float64(), "-0"},
           {"9007199254740992", arrow::float64(), "9.007199254740992e+15"},
           {"1E+2", arrow::float64(), "100"},
           {"\"NaN\"", arrow::float64(), "nan"},
           {"\"-Infinity\"", arrow::float64(), "-inf"},
           {"0.1", arrow::float32(), "0.1"},
           {"12.50", arrow::decimal128(10, 2), "12.50"},
           {"-1.25e1", arrow::decimal128(10, 2), "-12.50"},
           {"123456789012345678901234567890.12345678", arrow::decimal128(38, 8),
            "123456789012345678901234567890.12345678"},
           {std::string(70, '9'), arrow::decimal256(76, 0), std::string(70, '9')},
           {"\"2025-01-31\"", arrow::date32(), "2025-01-31"},
           {"\"2025-01-31T10:00:00.5+02:00\"", utc, "2025-01-31 08:00:00.500000Z"},
           {"\"2025-01-31 10:00\"", micro, "2025-01-31 10:00:00.000000"},
           {"\"23:59:59.25\"", arrow::time32(arrow::TimeUnit::MILLI), "23:59:59.250"},
           {"\"\\u00fc\\ud83d\\ude00\\n\\/\"", arrow::utf8(), "ü😀\n/"},
           {"true", arrow::boolean(), "true"},
           {"null", arrow::boolean(), "null"},
       }) {
    const auto value = ValueAs(text, type);
    ASSERT_OK(value);
    EXPECT_EQ(*value, expected) << text;
  }
  for (const std::string text : {"1.0", "1e3", "-0", "9223372036854775808", "\"5\"", "true", "[1]", "{}"}) {
    EXPECT_TRUE(Conflicts(text, arrow::int64())) << text;
  }
  EXPECT_TRUE(Conflicts("128", arrow::int8()));
  EXPECT_TRUE(Conflicts("-1", arrow::uint64()));
  EXPECT_TRUE(Conflicts("18446744073709551616", arrow::uint64()));
  EXPECT_TRUE(Conflicts("100000000000000000000", arrow::uint64()));
  for (const std::string text : {"1e400", "-1e400", "1e-400", "9007199254740993", "\"1\"", "\"nan\"", "\"inf\""}) {
    EXPECT_TRUE(Conflicts(text, arrow::float64())) << text;
  }
  EXPECT_TRUE(Conflicts("16777217", arrow::float32()));
  EXPECT_TRUE(Conflicts("1e300", arrow::float32()));
  EXPECT_TRUE(Conflicts("12.505", arrow::decimal128(10, 2)));
  EXPECT_TRUE(Conflicts("123456789", arrow::decimal128(10, 2)));
  EXPECT_TRUE(Conflicts("1e999999999999", arrow::decimal128(10, 2)));
  EXPECT_TRUE(Conflicts("\"12.50\"", arrow::decimal128(10, 2)));
  EXPECT_TRUE(Conflicts("\"true\"", arrow::boolean()));
  EXPECT_TRUE(Conflicts("\"2025-02-30\"", arrow::date32()));
  EXPECT_TRUE(Conflicts("\"2025-01-31T10:00:00\"", utc));
  EXPECT_TRUE(Conflicts("\"2025-01-31T10:00:00.1234567\"", micro));
  EXPECT_TRUE(Conflicts("1738317600", micro));
  EXPECT_TRUE(Conflicts("\"AAE\"", arrow::binary()));
  EXPECT_TRUE(Conflicts("\"AAF=\"", arrow::binary()));
  EXPECT_TRUE(Conflicts("\"AAEC\"", arrow::fixed_size_binary(2)));
  EXPECT_TRUE(Conflicts("[1,2,3]", arrow::fixed_size_list(arrow::int8(), 2)));
  EXPECT_TRUE(Conflicts("1", arrow::null()));
  EXPECT_TRUE(Conflicts("[1]", arrow::struct_({arrow::field("a", arrow::int8())})));
  ASSERT_FAILS(ErrorKind::kInvalid, "column v: a JSON value cannot be read as duration",
               ValueAs("1", arrow::duration(arrow::TimeUnit::SECOND)));
}

TEST(JsonReader, KeepsEveryValueInAStringColumn) {
  using Case = std::pair<std::string, std::string>;
  for (const auto& [text, expected] :
       std::vector<Case>{{"\"5\"", "5"},
                         {"5", "5"},
                         {"1.50e+400", "1.50e+400"},
                         {"-0", "-0"},
                         {"true", "true"},
                         {"null", "null"},
                         {"[ 1 , \"a b\" ,null ]", "[1,\"a b\",null]"},
                         {"{ \"a\" : { } , \"a\" : \"\\u00e9\" }  ", "{\"a\":{},\"a\":\"\\u00e9\"}"},
                         {"\"\"", ""},
                         {std::string(40, '7'), std::string(40, '7')}}) {
    for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::dictionary(arrow::int32(), arrow::utf8())}) {
      ASSERT_OK_AND_ASSIGN(const auto value, ValueAs(text, type));
      EXPECT_EQ(value, expected);
    }
  }
}

TEST(JsonReader, ReadsMapsFromObjectsAndFromEntries) {
  const auto type = arrow::map(arrow::utf8(), arrow::int64());
  const auto options = WithSchema({arrow::field("m", type)});
  ASSERT_OK_AND_ASSIGN(
      const auto table,
      Lines("{\"m\":{\"a\":1,\"b\":null}}\n{\"m\":[{\"key\":\"a\",\"value\":1},{\"value\":2,\"key\":\"b\"}]}"
            "\n{\"m\":{}}\n{}\n{\"m\":[]}\n",
            options));
  const auto& chunk = *table->column(0)->chunk(0);
  const auto& map = static_cast<const arrow::MapArray&>(chunk);
  EXPECT_EQ(map.value_length(0), 2);
  EXPECT_EQ(map.value_length(1), 2);
  EXPECT_EQ(map.value_length(2), 0);
  EXPECT_TRUE(map.IsNull(3));
  EXPECT_TRUE(map.items()->IsNull(1));
  ASSERT_FAILS(ErrorKind::kInvalid, "key m[0]: expected an object with key and value",
               Lines("{\"m\":[{\"value\":1}]}", options));
  ASSERT_FAILS(ErrorKind::kInvalid, "key m.a: expected an int64, found: \"x\"",
               Lines("{\"m\":{\"a\":\"x\"}}", options));
}

TEST(JsonReader, NamesFileLineKeyAndWhatWasExpectedAndFound) {
  const auto options =
      WithSchema({arrow::field("a", arrow::list(arrow::struct_({arrow::field("b", arrow::int64())})))});
  const auto lines = Lines("{\"a\":[{\"b\":1}]}\n\n{\"a\":[{\"b\":2},{\"b\":{\"c\": [1]}}]}\n", options).status();
  EXPECT_EQ(lines.message(), "read a.jsonl, line 3, key a[1].b: expected an int64, found: {\"c\":[1]}");
  EXPECT_EQ(InfoOf(lines).code, kTypeConflict);
  const auto document = Document("[\n{\"a\":[]},\n{\"a\":\n[{\"b\":\"x\"}]}]", options).status();
  EXPECT_EQ(document.message(), "read a.json, line 3, key a[0].b: expected an int64, found: \"x\"");
  EXPECT_EQ(Lines("{\"b\":1}\n{\"b\" 1}\n").status().message(),
            "read a.jsonl, line 2, byte 6: expected a colon behind a key, found 1");
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, byte 5: expected the end of the line behind the record, found {",
               Lines("1\n{ } {}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 1, byte 6: expected the rest of the record, found the end of the line",
               Lines("{\"a\":\n1}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, byte 1: expected a value, found a byte order mark",
               Lines("{\"a\":1}\n\xef\xbb\xbf{\"a\":1}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3, byte 1: expected a value, found a byte order mark",
               Document("{\"a\":1}\n\n\xef\xbb\xbf{\"a\":1}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, byte 7: expected UTF-8", Lines("{}\n{\"a\":\"\xff\"}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, byte 7: a string has half of a surrogate pair",
               Lines("{}\n{\"ab\":\"\\ud800\"}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 1, byte 6: a string opens here and is never closed",
               Lines("{\"a\":\"x}\n{}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "the file ends within the array of records", Document("[{\"a\":1},"));
  ASSERT_FAILS(ErrorKind::kInvalid, "byte 2 of the text: half of a UTF-16 unit", Lines("\xff\xfe{"));
}

TEST(JsonReader, TakesNothingOfTheNextBlockForARecordThatIsCutOff) {
  for (int64_t block = 1; block <= 20; ++block) {
    std::vector<int64_t> bad;
    ReadOptions options = WithSchema({arrow::field("value", arrow::utf8())});
    options.block_bytes = block;
    options.on_bad_row = [&](const BadRow& row) {
      bad.push_back(row.line);
      return Status::OK();
    };
    ASSERT_OK_AND_ASSIGN(const auto table, Lines("[1,\n\"x\"\n{\"a\":\n{\n5", options));
    EXPECT_THAT(Rows(*table), ElementsAre("x", "5")) << block;
    EXPECT_THAT(bad, ElementsAre(1, 3, 4)) << block;
  }
}

TEST(JsonReader, ChecksWhatItPassesOver) {
  const auto options = WithSchema({arrow::field("a", arrow::int64())});
  for (const std::string value : {"[1,]", "{\"x\"}", "01", "tru", "\"\\x\"", "\"\\ud800\"", "[1}", "{\"\\q\":1}", "nul",
                                  "1a", "{\"a\":1,}", "[", "'x'", "-", "1.", "1\v"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "line 1, byte ", Lines("{\"skip\":" + value + ",\"a\":1}", options));
    ASSERT_FAILS(ErrorKind::kInvalid, ", line ", Document("[{\"skip\":" + value + ",\"a\":1}]", options));
  }
}

TEST(JsonReader, RefusesDeepNesting) {
  for (const auto& open : {std::string("["), std::string("{\"a\":")}) {
    std::string bomb;
    for (int i = 0; i < 100'000; ++i) bomb += open;
    for (const auto& schema : {std::shared_ptr<arrow::Schema>(), WithSchema({arrow::field("a", arrow::utf8())}).schema,
                               WithSchema({arrow::field("b", arrow::utf8())}).schema}) {
      ASSERT_FAILS(ErrorKind::kInvalid, "nesting deeper than 512", Lines(bomb, {.schema = schema}));
      if (open == "{\"a\":") {
        ASSERT_FAILS(ErrorKind::kInvalid, "nesting deeper than 512", Document(bomb, {.schema = schema}));
      }
    }
  }
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_OK(Lines(nested(512)));
  EXPECT_OK(Document(nested(512)));
  ASSERT_FAILS(ErrorKind::kInvalid, "nesting deeper than 512", Lines(nested(513)));
  ASSERT_FAILS(ErrorKind::kInvalid, "nesting deeper than 512", Document(nested(513)));
  ASSERT_FAILS(ErrorKind::kInvalid, "the file ends within the array", Document(std::string(100'000, '[')));
  ReadOptions options;
  options.format.json.max_depth = 1'000'000;
  ASSERT_FAILS(ErrorKind::kInvalid, "max_depth must be 1 to 1024", Lines("{}", options));
}

TEST(JsonReader, RefusesRecordsThatAreTooLong) {
  ReadOptions options = WithSchema({arrow::field("a", arrow::utf8())});
  options.block_bytes = 64;
  options.format.json.max_record_bytes = 1000;
  const auto record = "{\"a\":\"" + std::string(5000, 'x') + "\"}";
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2: a record that begins here is longer than max_record_bytes (1000)",
               Lines("{}\n" + record + "\n", options));
  ASSERT_FAILS(ErrorKind::kInvalid, "longer than max_record_bytes", Document("[{},\n" + record + "]", options));
  ASSERT_FAILS(ErrorKind::kInvalid, "longer than max_record_bytes", Document("{}\n" + record, options));
}

TEST(JsonReader, TellsDoubledAndUnknownKeysOnce) {
  const std::string content =
      "{\"v\":1,\"s\":{\"t\":1}}\n{\"v\":1,\"v\":{\"x\":1},\"v\":2}\n{\"s\":{\"t\":[1],\"t\":5,\"u\":0}}\n{\"v\":3,"
      "\"v\":4,\"w\":1}\n";
  const auto options = WithSchema(
      {arrow::field("v", arrow::int64()), arrow::field("s", arrow::struct_({arrow::field("t", arrow::int64())}))});
  // What is overwritten must still fit: nobody can tell which one was meant.
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, key v", Lines(content, options));
  const std::string sound =
      "{\"v\":1,\"s\":{\"t\":1}}\n{\"v\":1,\"v\":null,\"v\":2}\n{\"s\":{\"t\":4,\"t\":5,\"u\":0}}\n{\"v\":3,\"v\":4,"
      "\"w\":1}\n";
  ASSERT_OK_AND_ASSIGN(const auto table, Lines(sound, options));
  EXPECT_EQ(table->column(0)->ToString(),
            Lines("{\"v\":1}\n{\"v\":2}\n{}\n{\"v\":4}\n", WithSchema({arrow::field("v", arrow::int64())}))
                .ValueOrDie()
                ->column(0)
                ->ToString());
  for (const int64_t block : {int64_t{1}, int64_t{1} << 20}) {
    ReadOptions cut = options;
    cut.block_bytes = block;
    EXPECT_THAT(NotesOf("a.jsonl", sound, cut),
                ElementsAre("key s.t comes twice in one object, first in line 3: the last one is kept",
                            "key v comes twice in one object, first in line 2: the last one is kept"));
    EXPECT_THAT(UnknownKeysOf("a.jsonl", sound, cut), ElementsAre(Pair("s.u", 3), Pair("w", 4)));
  }
  EXPECT_THAT(NotesOf("a.jsonl", "{\"v\":1}\n", options), IsEmpty());
}

TEST(JsonReader, ComparesKeysByWhatTheyMean) {
  const auto options = WithSchema({arrow::field("a\"b", arrow::int64()), arrow::field("ü", arrow::int64()),
                                   arrow::field("a", arrow::int64()), arrow::field("", arrow::int64()),
                                   arrow::field("longer than eight bytes", arrow::int64()),
                                   arrow::field("longer than eight", arrow::int64())});
  ASSERT_OK_AND_ASSIGN(
      const auto table,
      Lines("{\"a\\\"b\":1,\"\\u00fc\":2,\"\\u0061\":3,\"\":4,\"longer than eight\":6,"
            "\"longer than eight bytes\":5,\"A\":9,\"a \":9}\n"
            "{\"longer than eight bytes\":5,\"longer than eight\":6,\"\":4,\"a\":3,\"ü\":2,\"a\\u0022b\":1}",
            options));
  EXPECT_THAT(Rows(*table), ElementsAre("1|2|3|4|5|6", "1|2|3|4|5|6"));
}

TEST(JsonReader, LeavesOutBadRowsAndReportsThem) {
  std::vector<std::string> bad;
  ReadOptions options = WithSchema({arrow::field("a", arrow::int64()), arrow::field("l", arrow::list(arrow::utf8())),
                                    arrow::field("s", arrow::struct_({arrow::field("x", arrow::int8())}))});
  options.on_bad_row = [&](const BadRow& row) {
    bad.push_back(row.file + ":" + std::to_string(row.line) + ":" + row.column + ": " + row.reason + ": " +
                  row.content);
    return Status::OK();
  };
  const std::string good = "{\"a\":1,\"l\":[\"p\",\"q\"],\"s\":{\"x\":1}}";
  for (const std::string unsound : {"", "{\"a\":\"unclosed}\n"}) {
    bad.clear();
    ASSERT_OK_AND_ASSIGN(
        const auto table,
        Lines(good + "\n{\"l\":[\"r\"],\"a\":\"x\"}\r\nnot json\n" + good +
                  "\n{\"l\":[\"u\",\"v\"],\"s\":{\"x\":300}}\n{\"a\":1,\n\"a\":2}\n" + unsound + good + "\n",
              options));
    ASSERT_EQ(table->num_rows(), 3);
    for (const auto& row : Rows(*table)) EXPECT_EQ(row, Rows(*table)[0]);
    ASSERT_EQ(bad.size(), unsound.empty() ? 5u : 6u);
    EXPECT_EQ(bad[0], "a.jsonl:2:a: expected an int64, found: \"x\": {\"l\":[\"r\"],\"a\":\"x\"}");
    EXPECT_EQ(bad[1], "a.jsonl:3:: expected a value, found not: not json");
    EXPECT_EQ(bad[2], "a.jsonl:5:s.x: expected an int8, found: 300: {\"l\":[\"u\",\"v\"],\"s\":{\"x\":300}}");
    EXPECT_THAT(bad[3], HasSubstr("a.jsonl:6:: expected"));
    EXPECT_THAT(bad[4], HasSubstr("a.jsonl:7:: expected"));
    if (!unsound.empty()) {
      EXPECT_EQ(bad[5], "a.jsonl:8:: a string opens here and is never closed: {\"a\":\"unclosed}");
    }
  }
  bad.clear();
  ASSERT_OK_AND_ASSIGN(const auto document,
                       Document("[" + good + ",\n{\"a\": 1.5 } ,\n" + good + ",{\"a\":[]}]", options));
  EXPECT_EQ(document->num_rows(), 2);
  EXPECT_THAT(bad, ElementsAre("a.json:2:a: expected an int64, found: 1.5: {\"a\": 1.5 }",
                               "a.json:3:a: expected an int64, found: []: {\"a\":[]}"));
  // Behind what is no JSON, nobody knows where a document's next record begins.
  ASSERT_FAILS(ErrorKind::kInvalid, "line 1, byte 9", Document("[{\"a\":1 1},{}]", options));
  options.on_bad_row = [](const BadRow&) { return MakeError(ErrorKind::kInvalid, "too many"); };
  ASSERT_FAILS(ErrorKind::kInvalid, "too many", Lines("x\n", options));
}

TEST(JsonReader, CutsTheContentOfBadRows) {
  size_t size = 0;
  ReadOptions options = WithSchema({arrow::field("a", arrow::int64())});
  options.on_bad_row = [&](const BadRow& row) {
    size = row.content.size();
    return Status::OK();
  };
  ASSERT_OK(Lines("{\"a\":\"" + std::string(100'000, 'x') + "\"}", options));
  EXPECT_EQ(size, size_t{64} << 10);
}

TEST(JsonReader, GivesStringsAsDictionariesIfAsked) {
  ASSERT_OK_AND_ASSIGN(
      const auto table,
      Lines("{\"s\":\"x\",\"t\":null}\n{\"s\":\"\\u0078\"}\n{\"s\":\"y\\\\n\"}\n{\"s\":\"y\\n\"}\n{}\n",
            {.dictionary_strings = true}));
  EXPECT_EQ(table->schema()->field(0)->type()->ToString(),
            arrow::dictionary(arrow::int32(), arrow::utf8())->ToString());
  EXPECT_THAT(Rows(*table), ElementsAre("x|null", "x|null", "y\\n|null", "y\n|null", "null|null"));
  const auto& chunk = static_cast<const arrow::DictionaryArray&>(*table->column(0)->chunk(0));
  EXPECT_EQ(chunk.dictionary()->length(), 3);
}

}  // namespace
}  // namespace glaux
