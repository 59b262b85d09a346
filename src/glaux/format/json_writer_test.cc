#include <gtest/gtest.h>

#include <thread>

#include "glaux/format/csv_text_internal.h"
#include "glaux/base/base64.h"
#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

Result<std::string> Written(const std::string& format, const arrow::Table& table, const WriteOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(auto writer, FormatByName(format).ValueOrDie()->OpenWriter(sink, table.schema(), options));
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

/// Lines, read as these columns.
std::shared_ptr<arrow::Table> Table(const std::string& lines, arrow::FieldVector fields) {
  return ReadAll(InMemory("a.jsonl", lines), WithSchema(std::move(fields))).ValueOrDie();
}

TEST(JsonWriter, WritesALineARow) {
  const std::string lines = "{\"a\":1,\"b\":\"x\"}\n{\"a\":null,\"b\":\"y\"}\n";
  const auto table = Table(lines, {arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});
  EXPECT_EQ(Written("jsonl", *table).ValueOrDie(), lines);
  EXPECT_EQ(Written("jsonl", *table->Slice(0, 0)).ValueOrDie(), "");
}

TEST(JsonWriter, WritesAnArrayOfObjects) {
  const auto table = Table("{\"a\":1}\n{\"a\":2}\n", {arrow::field("a", arrow::int64())});
  EXPECT_EQ(Written("json", *table).ValueOrDie(), "[\n{\"a\":1},\n{\"a\":2}\n]\n");
  EXPECT_EQ(Written("json", *table->Slice(0, 0)).ValueOrDie(), "[]\n");
  ASSERT_OK_AND_ASSIGN(const auto twice, arrow::ConcatenateTables({table, table}));
  EXPECT_EQ(Written("json", *twice).ValueOrDie(), "[\n{\"a\":1},\n{\"a\":2},\n{\"a\":1},\n{\"a\":2}\n]\n");
}

TEST(JsonWriter, LeavesOutNullsIfAsked) {
  WriteOptions options;
  options.format.json.omit_nulls = true;
  const auto table =
      Table("{\"s\":{\"x\":null,\"y\":1},\"l\":[null]}\n{}\n",
            {arrow::field("a", arrow::int64()),
             arrow::field("s", arrow::struct_({arrow::field("x", arrow::int8()), arrow::field("y", arrow::int8())})),
             arrow::field("l", arrow::list(arrow::int8()))});
  EXPECT_EQ(Written("jsonl", *table, options).ValueOrDie(), "{\"s\":{\"y\":1},\"l\":[null]}\n{}\n");
}

TEST(JsonWriter, WritesEveryTypeAsItReadsItBack) {
  const auto key_value = arrow::map(arrow::int32(), arrow::utf8());
  using Case = std::pair<std::shared_ptr<arrow::DataType>, std::vector<std::string>>;
  for (const auto& [type, values] : std::vector<Case>{
           {arrow::null(), {"null"}},
           {arrow::boolean(), {"true", "false"}},
           {arrow::int8(), {"-128", "127"}},
           {arrow::int16(), {"-32768", "32767"}},
           {arrow::int32(), {"-2147483648", "2147483647"}},
           {arrow::int64(), {"-9223372036854775808", "9223372036854775807", "0"}},
           {arrow::uint8(), {"255"}},
           {arrow::uint16(), {"65535"}},
           {arrow::uint32(), {"4294967295"}},
           {arrow::uint64(), {"18446744073709551615"}},
           {arrow::float32(), {"0.1", "16777216.0", "3.4028235e+38", "\"NaN\"", "\"-Infinity\""}},
           {arrow::float64(),
            {"0.1", "-0.0", "1e+300", "5e-324", "1.7976931348623157e+308", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"",
             "9007199254740992.0"}},
           {arrow::decimal128(20, 4), {"-12.5000", "0.0001", "0.0000", "-0.0010", "1234567890123456.7890"}},
           {arrow::decimal128(38, 38), {"0.00000000000000000000000000000000000001"}},
           {arrow::decimal128(5, -2), {"1200", "0", "-9999900"}},
           {arrow::decimal256(76, 0), {std::string(76, '9'), "-1"}},
           {arrow::date32(), {"\"0001-01-01\"", "\"9999-12-31\"", "\"1969-12-31\""}},
           {arrow::date64(), {"\"0001-01-01\"", "\"9999-12-31\"", "\"1969-12-31\""}},
           {arrow::time32(arrow::TimeUnit::SECOND), {"\"23:59:59\"", "\"00:00:00\""}},
           {arrow::time32(arrow::TimeUnit::MILLI), {"\"23:59:59.999\"", "\"00:00:00.010\""}},
           {arrow::time64(arrow::TimeUnit::MICRO), {"\"23:59:59.999999\""}},
           {arrow::time64(arrow::TimeUnit::NANO), {"\"23:59:59.000000001\""}},
           {arrow::timestamp(arrow::TimeUnit::SECOND), {"\"1969-12-31T23:59:59\""}},
           {arrow::timestamp(arrow::TimeUnit::MILLI), {"\"1969-12-31T23:59:59.001\""}},
           {arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Paris"), {"\"2025-06-30T12:00:00.000001Z\""}},
           {arrow::timestamp(arrow::TimeUnit::NANO), {"\"2025-01-01T00:00:00.000000001\""}},
           {arrow::utf8(),
            {"\"\"", "\"ü😀\\n\\r\\t\\\"\\\\/\\u0000\\u001f\"", "\"null\"", "\"5\"", "\"{\\\"a\\\":1}\""}},
           {arrow::large_utf8(), {"\"x\""}},
           {arrow::dictionary(arrow::int32(), arrow::utf8()), {"\"x\"", "\"y\"", "\"x\""}},
           {arrow::binary(), {"\"\"", "\"AA==\"", "\"AAE=\"", "\"AAH/\""}},
           {arrow::large_binary(), {"\"AAH/\""}},
           {arrow::fixed_size_binary(2), {"\"AAE=\"", "\"//8=\""}},
           {arrow::list(arrow::float64()), {"[0.5,null,\"NaN\"]", "[]"}},
           {arrow::large_list(arrow::utf8()), {"[\"a\",null]", "[]"}},
           {arrow::fixed_size_list(arrow::int8(), 2), {"[1,null]", "[3,4]"}},
           {arrow::list(arrow::list(arrow::struct_({arrow::field("x", arrow::int8())}))), {"[[],[{\"x\":1},null]]"}},
           {arrow::struct_({arrow::field("x y\"", arrow::int8()), arrow::field("z", arrow::list(arrow::binary()))}),
            {"{\"x y\\\"\":1,\"z\":[\"AA==\"]}", "{\"x y\\\"\":null,\"z\":null}"}},
           {arrow::map(arrow::utf8(), arrow::int8()), {"{\"a\":1,\"\\\"\":null}", "{}"}},
           {key_value, {"[{\"key\":1,\"value\":\"x\"},{\"key\":-2,\"value\":null}]", "[]"}},
       }) {
    SCOPED_TRACE(type->ToString());
    std::string lines;
    for (const auto& value : values) lines += "{\"v\":" + value + "}\n{\"v\":null}\n";
    const auto table = Table(lines, {arrow::field("v", type)});
    ASSERT_OK_AND_ASSIGN(const auto written, Written("jsonl", *table));
    EXPECT_EQ(written, lines);
    ASSERT_OK_AND_ASSIGN(const auto document, Written("json", *table));
    ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.json", document), {.schema = table->schema()}));
    EXPECT_TRUE(back->Equals(*table) || written.find("NaN") != std::string::npos) << document;
    // A slice begins anywhere in its arrays.
    EXPECT_EQ(Written("jsonl", *table->Slice(1)).ValueOrDie(), lines.substr(lines.find('\n') + 1));
  }
}

TEST(JsonWriter, EncodesInAnyThreadAndWritesInOrder) {
  const auto table = Table("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", {arrow::field("a", arrow::int64())});
  const auto batch = table->CombineChunksToBatch().ValueOrDie();
  for (const std::string name : {"jsonl", "json"}) {
    ASSERT_OK_AND_ASSIGN(auto sink, arrow::io::BufferOutputStream::Create());
    ASSERT_OK_AND_ASSIGN(auto writer, FormatByName(name).ValueOrDie()->OpenWriter(sink, table->schema(), {}));
    std::vector<std::shared_ptr<arrow::Buffer>> encoded(8);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < encoded.size(); ++i) {
      threads.emplace_back(
          [&, i] { encoded[i] = writer->Encode(*batch->Slice(static_cast<int64_t>(i) % 3)).ValueOrDie(); });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_OK(writer->WriteEncoded(*writer->Encode(*batch->Slice(3)).ValueOrDie()));
    for (const auto& buffer : encoded) ASSERT_OK(writer->WriteEncoded(*buffer));
    ASSERT_OK(writer->Close());
    ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a." + name, sink->Finish().ValueOrDie()->ToString()),
                                                  {.schema = table->schema()}));
    EXPECT_THAT(Rows(*back), ::testing::ElementsAre("1", "2", "3", "2", "3", "3", "1", "2", "3", "2", "3", "3", "1",
                                                    "2", "3", "2", "3"));
  }
}

TEST(JsonWriter, RefusesWhatItCannotWrite) {
  const auto open = [](arrow::FieldVector fields) {
    return FormatByName("jsonl").ValueOrDie()->OpenWriter(arrow::io::BufferOutputStream::Create().ValueOrDie(),
                                                          arrow::schema(std::move(fields)), {});
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "write jsonl: a value of type duration[s] has no JSON text",
               open({arrow::field("a", arrow::duration(arrow::TimeUnit::SECOND))}));
  ASSERT_FAILS(ErrorKind::kInvalid, "two columns are named a",
               open({arrow::field("a", arrow::int8()), arrow::field("a", arrow::int8())}));
  ASSERT_OK_AND_ASSIGN(auto writer, open({arrow::field("a", arrow::int8())}));
  const auto other = Table("{\"b\":1}", {arrow::field("b", arrow::int8())})->CombineChunksToBatch().ValueOrDie();
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a batch of", writer->Write(other));
}

TEST(JsonWriter, GivesOtherFormatsTheirNestedValues) {
  const auto table = Table("{\"v\":{\"x\":[\"a\\nb\",null],\"y\":0.5}}\n",
                           {arrow::field("v", arrow::struct_({arrow::field("x", arrow::list(arrow::utf8())),
                                                              arrow::field("y", arrow::float64())}))});
  std::string text;
  ASSERT_OK(AppendJson(*table->column(0)->chunk(0), 0, &text));
  EXPECT_EQ(text, "{\"x\":[\"a\\nb\",null],\"y\":0.5}");
}

TEST(JsonBase64, HasThePublishedVectors) {
  // RFC 4648, section 10.
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    std::string encoded;
    AppendBase64(bytes, &encoded);
    EXPECT_EQ(encoded, text);
    std::string decoded;
    EXPECT_TRUE(DecodeBase64(text, &decoded));
    EXPECT_EQ(decoded, bytes);
  }
  std::string ignored;
  for (const std::string text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9-"}) {
    EXPECT_FALSE(DecodeBase64(text, &ignored)) << text;
  }
}

}  // namespace
}  // namespace glaux
