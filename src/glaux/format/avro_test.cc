#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include "glaux/format/avro_container_internal.h"
#include "glaux/format/avro_decode_internal.h"
#include "glaux/format/csv_text_internal.h"
#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using std::string_literals::operator""s;

std::string Number(int64_t value) {
  std::string out;
  AppendAvroLong(value, &out);
  return out;
}

std::string Sized(std::string_view bytes) {
  std::string out;
  AppendAvroBytes(bytes, &out);
  return out;
}

constexpr std::string_view kSync = "0123456789abcdef";

/// A file of one block.
std::string File(std::string_view schema, int64_t rows, std::string_view data, std::string_view codec = "null") {
  std::string file("Obj\x01");
  file += Number(2) + Sized("avro.schema") + Sized(schema) + Sized("avro.codec") + Sized(codec) + Number(0);
  file += kSync;
  file += Number(rows) + Sized(data);
  file += kSync;
  return file;
}

std::string RecordOf(std::string_view type) {
  return R"({"type":"record","name":"r","fields":[{"name":"v","type":)" + std::string(type) + "}]}";
}

Result<std::shared_ptr<arrow::Table>> Read(const std::string& file, const ReadOptions& options = {}) {
  return ReadAll(InMemory("a.avro", file), options);
}

std::string JsonOf(const arrow::Table& table) {
  std::string text;
  for (const auto& column : table.columns()) {
    for (const auto& chunk : column->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i) {
        EXPECT_OK(AppendJson(*chunk, i, &text));
        text += ';';
      }
    }
  }
  return text;
}

/// "type: values" of a column of one type, or the error.
std::string Value(std::string_view type, int64_t rows, std::string_view data) {
  const auto table = Read(File(RecordOf(type), rows, data));
  if (!table.ok()) return table.status().message();
  return (*table)->schema()->field(0)->type()->ToString() + ": " + JsonOf(**table);
}

TEST(Avro, ReadsEveryType) {
  EXPECT_EQ(Value("\"boolean\"", 2, std::string("\1\0", 2)), "bool: true;false;");
  EXPECT_EQ(Value("\"int\"", 3, Number(-1) + Number(2147483647) + Number(INT32_MIN)),
            "int32: -1;2147483647;-2147483648;");
  EXPECT_EQ(Value("\"long\"", 2, Number(INT64_MAX) + Number(INT64_MIN)),
            "int64: 9223372036854775807;-9223372036854775808;");
  EXPECT_EQ(Value("\"float\"", 1, std::string("\0\0\xc0\x3f", 4)), "float: 1.5;");
  EXPECT_EQ(Value("\"double\"", 1, std::string("\0\0\0\0\0\0\xf8\x3f", 8)), "double: 1.5;");
  EXPECT_EQ(Value("\"string\"", 2, Sized("ä") + Sized("")), "string: \"ä\";\"\";");
  EXPECT_EQ(Value("\"bytes\"", 1, Sized("ab")), "binary: \"YWI=\";");
  EXPECT_EQ(Value(R"({"type":"fixed","name":"f","size":2})", 2, "abcd"), "fixed_size_binary[2]: \"YWI=\";\"Y2Q=\";");
  EXPECT_EQ(Value(R"({"type":"enum","name":"e","symbols":["A","B"]})", 2, Number(1) + Number(0)),
            "string: \"B\";\"A\";");
  EXPECT_EQ(Value(R"({"type":"array","items":"int"})", 2,
                  Number(2) + Number(1) + Number(2) + Number(-1) + Number(1) + Number(3) + Number(0) + Number(0)),
            "list<item: int32 not null>: [1,2,3];[];");
  EXPECT_EQ(Value(R"({"type":"map","values":["null","int"]})", 1,
                  Number(2) + Sized("a") + Number(1) + Number(7) + Sized("b") + Number(0) + Number(0)),
            "map<string, int32>: {\"a\":7,\"b\":null};");
  EXPECT_EQ(Value(R"({"type":"record","name":"x.s","fields":[{"name":"i","type":"int"},{"name":"n","type":"null"}]})",
                  1, Number(5)),
            "struct<i: int32 not null, n: null>: {\"i\":5,\"n\":null};");
  EXPECT_EQ(Value("\"null\"", 2, ""), "null: null;null;");
}

TEST(Avro, ReadsLogicalTypes) {
  const auto logical = [](const std::string& type, const std::string& name, const std::string& more = "") {
    return R"({"type":")" + type + R"(","logicalType":")" + name + "\"" + more + "}";
  };
  EXPECT_EQ(Value(logical("int", "date"), 1, Number(-1)), "date32[day]: \"1969-12-31\";");
  EXPECT_EQ(Value(logical("int", "time-millis"), 1, Number(3'600'001)), "time32[ms]: \"01:00:00.001\";");
  EXPECT_EQ(Value(logical("long", "time-micros"), 1, Number(1)), "time64[us]: \"00:00:00.000001\";");
  EXPECT_EQ(Value(logical("long", "timestamp-millis"), 1, Number(-1)),
            "timestamp[ms, tz=UTC]: \"1969-12-31T23:59:59.999Z\";");
  EXPECT_EQ(Value(logical("long", "local-timestamp-nanos"), 1, Number(1)),
            "timestamp[ns]: \"1970-01-01T00:00:00.000000001\";");
  EXPECT_EQ(Value(logical("long", "timestamp-micros", R"(,"adjust-to-utc":false)"), 1, Number(0)),
            "timestamp[us]: \"1970-01-01T00:00:00\";");
  EXPECT_EQ(Value(logical("bytes", "decimal", R"(,"precision":5,"scale":2)"), 3,
                  Sized("\x01\x00\x00\x00"s.substr(0, 2)) + Sized("\xff") + Sized("\xff\xff\xff\xff\xff\xff\x80")),
            "decimal128(5, 2): 2.56;-0.01;-1.28;");
  EXPECT_EQ(Value(R"({"type":"fixed","name":"f","size":20,"logicalType":"decimal","precision":40})", 1,
                  std::string(19, '\xff') + "\xfe"),
            "decimal256(40, 0): -2;");
  EXPECT_EQ(Value(logical("string", "uuid"), 1, Sized("x")), "string: \"x\";");
  EXPECT_EQ(Value(R"({"type":"fixed","name":"f","size":12,"logicalType":"duration"})", 0, ""),
            "month_day_nano_interval: ");
  // What does not fit its type is no annotation.
  EXPECT_EQ(Value(logical("string", "date"), 1, Sized("x")), "string: \"x\";");
  EXPECT_EQ(Value(logical("bytes", "decimal", R"(,"precision":2,"scale":3)"), 1, Sized("x")), "binary: \"eA==\";");
  EXPECT_EQ(Value(logical("int", "timestamp-micros"), 1, Number(1)), "int32: 1;");
}

TEST(Avro, ReadsUnions) {
  EXPECT_EQ(Value(R"(["null","int"])", 2, Number(0) + Number(1) + Number(5)), "int32: null;5;");
  EXPECT_EQ(Value(R"(["int","null"])", 2, Number(1) + Number(0) + Number(5)), "int32: null;5;");
  EXPECT_EQ(Value(R"(["null","int","string"])", 3, Number(0) + Number(1) + Number(5) + Number(2) + Sized("x")),
            "struct<member0: int32, member1: string>: null;{\"member0\":5,\"member1\":null};{\"member0\":null,"
            "\"member1\":\"x\"};");
  EXPECT_EQ(Value(R"(["null","int"])", 1, Number(2)),
            "read a.avro, block at byte 126, row 1, column v: no branch 2 in a union of 2");
}

TEST(Avro, FindsNamedTypesInTheirNamespaces) {
  const std::string schema = R"({"type":"record","name":"r","namespace":"a.b","fields":[
    {"name":"x","type":{"type":"fixed","name":"f","size":1}},
    {"name":"y","type":"f"}, {"name":"z","type":["null","a.b.f"]},
    {"name":"s","type":{"type":"record","name":"c.d.s","fields":[{"name":"e","type":{"type":"enum","name":"e","symbols":["Q"]}}]}},
    {"name":"t","type":"c.d.e"}]})";
  ASSERT_OK_AND_ASSIGN(const auto table, Read(File(schema, 1, "pq" + Number(1) + "r" + Number(0) + Number(0))));
  EXPECT_EQ(JsonOf(*table), "\"cA==\";\"cQ==\";\"cg==\";{\"e\":\"Q\"};\"Q\";");
}

TEST(Avro, RefusesSchemasThatAreNone) {
  const auto refused = [](const std::string& schema) { return Read(File(schema, 0, "")).status(); };
  for (const std::string schema :
       {"", "{", "\"strin\"", "{}", "[]", "7", R"({"type":"record","name":"r"})", R"({"type":"fixed","name":"f"})",
        R"({"type":"fixed","name":"f","size":-1})", R"({"type":"enum","name":"e"})", R"({"type":"array"})",
        R"([["int"]])", R"({"type":"record","fields":[]})",
        R"({"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})"}) {
    EXPECT_EQ(KindOf(refused(schema)), ErrorKind::kCorrupt) << schema << refused(schema).ToString();
  }
  ASSERT_FAILS(ErrorKind::kNotImplemented, "read a.avro: type r contains itself",
               refused(R"({"type":"record","name":"r","fields":[{"name":"next","type":["null","r"]}]})"));
  std::string deep = "\"int\"";
  for (int i = 0; i < 5000; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_EQ(KindOf(refused(deep)), ErrorKind::kCorrupt);
  // Types that hold each other twice grow beyond all bounds.
  std::string wide =
      R"({"type":"record","name":"r","fields":[{"name":"f0","type":{"type":"record","name":"t0","fields":[]}})";
  for (int i = 1; i < 60; ++i) {
    const auto name = "t" + std::to_string(i);
    const auto last = "\"t" + std::to_string(i - 1) + "\"";
    wide += R"(,{"name":"f)" + std::to_string(i) + R"(","type":{"type":"record","name":")" + name +
            R"(","fields":[{"name":"a","type":)" + last + R"(},{"name":"b","type":)" + last + "}]}}";
  }
  ASSERT_FAILS(ErrorKind::kCorrupt, "more than 100000 types", refused(wide + "]}"));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "read a.avro: no Avro codec lzo; known: null, deflate",
               Read(File("\"int\"", 0, "", "lzo")).status());
}

TEST(Avro, ReadsFilesOfOtherThanRecords) {
  ASSERT_OK_AND_ASSIGN(const auto table, Read(File("\"int\"", 2, Number(1) + Number(2))));
  EXPECT_EQ(Types(*table->schema()), "value: int32");
  EXPECT_THAT(Rows(*table), ElementsAre("1", "2"));
}

TEST(Avro, SelectsAndConvertsColumnsExactly) {
  const std::string schema = R"({"type":"record","name":"r","fields":[
    {"name":"a","type":"int"},{"name":"b","type":{"type":"array","items":"string"}},{"name":"c","type":"string"},
    {"name":"d","type":{"type":"map","values":"int"}}]})";
  const std::string row = Number(300) + Number(-1) + Number(2) + Sized("x") + Number(0) + Sized("c") + Number(0);
  const auto file = File(schema, 1, row);
  ASSERT_OK_AND_ASSIGN(const auto table,
                       Read(file, WithSchema({arrow::field("c", arrow::utf8()), arrow::field("a", arrow::int64())})));
  EXPECT_THAT(Rows(*table), ElementsAre("c|300"));
  const auto conflict = Read(file, WithSchema({arrow::field("a", arrow::int8())})).status();
  EXPECT_EQ(InfoOf(conflict).code, kTypeConflict);
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.avro: no column z in the file, which has 4 columns",
               Read(file, WithSchema({arrow::field("z", arrow::int8())})).status());
  ASSERT_OK_AND_ASSIGN(const auto none, Read(file, WithSchema({})));
  EXPECT_EQ(none->num_columns(), 0);
  ASSERT_OK_AND_ASSIGN(const auto dictionary, Read(file, {.dictionary_strings = true}));
  EXPECT_EQ(dictionary->schema()->field(2)->type()->id(), arrow::Type::DICTIONARY);
}

TEST(Avro, KeepsAttributesAsMetadata) {
  const std::string schema = R"({"type":"record","name":"manifest_entry","fields":[
    {"name":"status","type":"int","field-id":0,"doc":"d","custom":{"a":1}},
    {"name":"l","type":{"type":"array","items":"int","element-id":5},"field-id":4},
    {"name":"m","type":{"type":"map","values":"int","key-id":8,"value-id":9},"field-id":7},
    {"name":"bounds","type":["null",{"type":"array","logicalType":"map","items":{"type":"record","name":"k117_v118",
       "fields":[{"name":"key","type":"int","field-id":117},{"name":"value","type":"bytes","field-id":118}]}}],"field-id":108}]})";
  const std::string row =
      Number(1) + Number(0) + Number(0) + Number(1) + Number(1) + Number(3) + Sized("z") + Number(0);
  ASSERT_OK_AND_ASSIGN(const auto table, Read(File(schema, 1, row)));
  const auto id = [](const arrow::Field& field) {
    return field.metadata() == nullptr ? "" : field.metadata()->Get("PARQUET:field_id").ValueOr("");
  };
  const auto& fields = table->schema()->fields();
  EXPECT_EQ(id(*fields[0]), "0");
  EXPECT_EQ(fields[0]->metadata()->Get("avro.custom").ValueOr(""), "{\"a\":1}");
  EXPECT_FALSE(fields[0]->metadata()->Contains("avro.doc"));
  EXPECT_EQ(id(*fields[1]), "4");
  EXPECT_EQ(id(*fields[1]->type()->field(0)), "5");
  const auto& map = static_cast<const arrow::MapType&>(*fields[2]->type());
  EXPECT_EQ(id(*map.key_field()) + id(*map.item_field()), "89");
  EXPECT_EQ(fields[3]->type()->ToString(), "map<int32, binary>");
  const auto& bounds = static_cast<const arrow::MapType&>(*fields[3]->type());
  EXPECT_EQ(id(*bounds.key_field()) + id(*bounds.item_field()), "117118");
  EXPECT_EQ(JsonOf(*table), "1;[];{};[{\"key\":3,\"value\":\"eg==\"}];");
}

Result<std::string> Written(const arrow::Table& table, const AvroOptions& avro = {}) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(
      auto writer, FormatByName("avro").ValueOrDie()->OpenWriter(sink, table.schema(), {.format = {.avro = avro}}));
  arrow::TableBatchReader batches(table);
  for (bool encoded = false;; encoded = !encoded) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, batches.Next());
    if (batch == nullptr) break;
    if (encoded) {
      ARROW_ASSIGN_OR_RAISE(const auto bytes, writer->Encode(*batch));
      ARROW_RETURN_NOT_OK(writer->WriteEncoded(*bytes));
    } else {
      ARROW_RETURN_NOT_OK(writer->Write(batch));
    }
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto written, writer->bytes_written());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  EXPECT_EQ(written, buffer->size());
  return buffer->ToString();
}

std::shared_ptr<arrow::Table> Sample(int64_t rows) {
  const auto schema = arrow::schema(
      {arrow::field("b", arrow::boolean()), arrow::field("i", arrow::int64(), false),
       arrow::field("d", arrow::float64()), arrow::field("m", arrow::decimal128(20, 4)),
       arrow::field("t", arrow::date32()), arrow::field("z", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("n", arrow::timestamp(arrow::TimeUnit::NANO)), arrow::field("s", arrow::utf8())});
  std::string text = "b,i,d,m,t,z,n,s\n";
  for (int64_t i = 0; i < rows; ++i) {
    const auto n = std::to_string(i);
    text += i % 7 == 0 ? ",-" + std::to_string(i + 1) + ",,,,,,\n"
                       : "true," + n + "," + n + ".25,-" + n +
                             ".5,2025-01-31,2025-01-31T10:00:00.5Z,1969-12-31T00:00:00.000000001,text " + n + "\n";
  }
  return ReadAll(InMemory("a.csv", text), {.schema = schema}).ValueOrDie();
}

TEST(Avro, WritesWhatItReadsBackWithEveryCodec) {
  const auto table = Sample(20'000);
  for (const std::string codec : {"null", "deflate", "snappy", "bzip2", "xz", "zstandard"}) {
    SCOPED_TRACE(codec);
    ASSERT_OK_AND_ASSIGN(const auto file, Written(*table, {.compression = codec, .block_bytes = 16 << 10}));
    ASSERT_OK_AND_ASSIGN(const auto back, Read(file));
    EXPECT_TRUE(back->schema()->Equals(*table->schema())) << back->schema()->ToString();
    EXPECT_EQ(Rows(*back), Rows(*table));
    // Data that is not what was compressed is found, whatever the codec.
    if (codec == "null") continue;
    int found = 0;
    for (size_t at = 800; at < file.size(); at += file.size() / 50) {
      auto broken = file;
      broken[at] = static_cast<char>(broken[at] ^ 0x10);
      const auto read = Read(broken);
      found += !read.ok();
      EXPECT_TRUE(read.ok() || KindOf(read.status()) != ErrorKind::kOther) << read.status().ToString();
    }
    EXPECT_GT(found, codec == "deflate" || codec == "zstandard" ? 20 : 45);
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "avro options: no Avro codec gzip",
               Written(*table, {.compression = "gzip"}).status());
}

TEST(Avro, WritesNestedValuesNamesAndAttributes) {
  const std::string schema = R"({"type":"record","name":"r","fields":[
    {"name":"a","type":{"type":"array","items":["null",{"type":"record","name":"s","fields":[
        {"name":"x","type":["null","long"],"field-id":3},{"name":"y","type":{"type":"map","values":"string"}}]}],"element-id":2},"field-id":1},
    {"name":"u","type":["null",{"type":"fixed","name":"u","size":16,"logicalType":"uuid"}]},
    {"name":"k","type":{"type":"array","logicalType":"map","items":{"type":"record","name":"kv",
       "fields":[{"name":"key","type":"int","field-id":117},{"name":"value","type":"bytes","field-id":118}]}}},
    {"name":"p","type":{"type":"fixed","name":"p","size":12,"logicalType":"duration"}}]})";
  const std::string row = Number(2) + Number(0) + Number(1) + Number(1) + Number(9) + Number(1) + Sized("k") +
                          Sized("v") + Number(0) + Number(0) + Number(1) + std::string(16, 'u') + Number(1) +
                          Number(4) + Sized("b") + Number(0) + std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12);
  ASSERT_OK_AND_ASSIGN(const auto table, Read(File(schema, 1, row)));
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*table));
  ASSERT_OK_AND_ASSIGN(const auto back, Read(file));
  EXPECT_TRUE(back->schema()->Equals(*table->schema(), true)) << back->schema()->ToString(true) << "\n\n"
                                                              << table->schema()->ToString(true);
  EXPECT_TRUE(back->Equals(*table)) << back->ToString();

  const auto odd = arrow::schema({arrow::field("line/item", arrow::int32()), arrow::field("1st", arrow::int32()),
                                  arrow::field("ä b", arrow::int32())});
  ASSERT_OK_AND_ASSIGN(const auto names, Written(*arrow::Table::MakeEmpty(odd).ValueOrDie()));
  EXPECT_THAT(names, HasSubstr(R"("name":"line_x2Fitem")"));
  ASSERT_OK_AND_ASSIGN(const auto read, Read(names));
  EXPECT_TRUE(read->schema()->Equals(*odd)) << read->schema()->ToString();
}

TEST(Avro, WritesTypesThatAvroSpellsOtherwise) {
  const auto text = ReadAll(InMemory("a.csv", "a,b,c,d,e\n255,18446744073709551615,x,2025-01-01,2025-01-01T00:00:01\n"),
                            WithSchema({arrow::field("a", arrow::uint8()), arrow::field("b", arrow::uint64()),
                                        arrow::field("c", arrow::dictionary(arrow::int32(), arrow::utf8())),
                                        arrow::field("d", arrow::date64()),
                                        arrow::field("e", arrow::timestamp(arrow::TimeUnit::SECOND))}))
                        .ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto back, Read(Written(*text).ValueOrDie()));
  EXPECT_EQ(Types(*back->schema()), "a: int32, b: decimal128(20, 0), c: string, d: date32[day], e: timestamp[ms]");
  EXPECT_EQ(JsonOf(*back), "255;18446744073709551615;\"x\";\"2025-01-01\";\"2025-01-01T00:00:01\";");
  const auto half = arrow::schema({arrow::field("h", arrow::float16())});
  ASSERT_FAILS(ErrorKind::kInvalid, "write avro, column h: Avro has no type for halffloat",
               Written(*arrow::Table::MakeEmpty(half).ValueOrDie()).status());
}

TEST(Avro, FindsFilesThatEndAnywhere) {
  const auto file = Written(*Sample(50), {.compression = "null", .block_bytes = 1024}).ValueOrDie();
  int whole = 0;
  for (size_t size = 0; size < file.size(); ++size) {
    const auto read = Read(file.substr(0, size));
    // A file may end behind any block.
    if (read.ok()) {
      ++whole;
      EXPECT_EQ(file.substr(size - 16, 16), file.substr(file.size() - 16));
    } else {
      EXPECT_EQ(KindOf(read.status()), ErrorKind::kCorrupt) << size << read.status().ToString();
    }
  }
  EXPECT_LT(whole, 10);
}

TEST(Avro, SurvivesEveryFlippedByte) {
  const auto file = Written(*Sample(30), {.compression = "null"}).ValueOrDie();
  for (size_t at = 0; at < file.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      auto broken = file;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      const auto read = Read(broken);
      EXPECT_TRUE(read.ok() || KindOf(read.status()) != ErrorKind::kOther) << read.status().ToString();
    }
  }
}

TEST(Avro, DoesNotBelieveCountsAndLengths) {
  EXPECT_THAT(Value("\"string\"", 1, Number(-5)), HasSubstr("row 1, column v: a length of -5"));
  EXPECT_THAT(Value("\"string\"", 1, Number(int64_t{1} << 40)), HasSubstr("expected 1099511627776 bytes, found 0"));
  EXPECT_THAT(Value("\"int\"", 1, Number(int64_t{1} << 31)), HasSubstr("expected an int, found 2147483648"));
  EXPECT_THAT(Value("\"int\"", 1, std::string(11, '\xff')), HasSubstr("a number of more than 64 bits"));
  EXPECT_THAT(Value("\"int\"", int64_t{1} << 60, Number(1)),
              HasSubstr("says 1152921504606846976 rows and has 1 bytes"));
  EXPECT_THAT(Value("\"null\"", int64_t{1} << 60, ""), HasSubstr("rows and has 0 bytes"));
  EXPECT_THAT(Value("\"int\"", -1, Number(1)), HasSubstr("says -1 rows"));
  EXPECT_THAT(Value("\"int\"", 1, Number(1) + Number(1)), HasSubstr("1 bytes follow the last row"));
  EXPECT_THAT(Value(R"({"type":"array","items":"int"})", 1, Number(int64_t{1} << 50)), HasSubstr("a count of"));
  EXPECT_THAT(Value(R"({"type":"array","items":"null"})", 1, Number(int64_t{1} << 50)),
              HasSubstr("more values than its bytes can mean"));
  EXPECT_THAT(Value(R"({"type":"array","items":"int"})", 1, Number(INT64_MIN)), HasSubstr("a count beyond 64 bits"));
  EXPECT_THAT(Value(R"(["null",{"type":"fixed","name":"f","size":1073741823}])", 2, Number(0) + Number(0)),
              HasSubstr("more values than its bytes can mean"));
  EXPECT_THAT(Value("\"string\"", 1, Sized("\xff")), HasSubstr("expected UTF-8"));
  EXPECT_THAT(Value("\"boolean\"", 1, "\2"), HasSubstr("expected a boolean"));
  // Columns that are not read are held to the same.
  EXPECT_EQ(
      KindOf(Read(File(RecordOf(R"({"type":"array","items":"null"})"), 1, Number(int64_t{1} << 50)), WithSchema({}))
                 .status()),
      ErrorKind::kCorrupt);
  ASSERT_FAILS(ErrorKind::kCorrupt, "read a.avro: this is no Avro file", Read("a,b\n1,2\n").status());
  ASSERT_FAILS(ErrorKind::kCorrupt, "the file is empty", Read("").status());
  auto file = File("\"int\"", 1, Number(1));
  file.back() = 'x';
  ASSERT_FAILS(ErrorKind::kCorrupt, "does not end with the file's sync marker", Read(file).status());
}

}  // namespace
}  // namespace glaux
