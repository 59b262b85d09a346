#include <gtest/gtest.h>

#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

InferredSchema InferLines(const std::string& content, const InferOptions& options = {.sample_bytes = 0}) {
  auto inferred = FormatByName("jsonl").ValueOrDie()->Infer(InMemory("a.jsonl", content), options);
  EXPECT_OK(inferred);
  return inferred.ok() ? *inferred : InferredSchema{.schema = arrow::schema(arrow::FieldVector{})};
}

/// The type of a key that has these values, whichever comes first.
std::string TypeOf(std::vector<std::string> values) {
  std::string answer;
  for (size_t i = 0; i < values.size(); ++i) {
    std::string content;
    for (const auto& value : values) content += "{\"v\":" + value + "}\n";
    const auto inferred = InferLines(content);
    const auto type = inferred.schema->field(0)->type()->ToString();
    EXPECT_TRUE(answer.empty() || answer == type) << content;
    answer = type;
    // What was found reads all of it.
    EXPECT_OK(ReadAll(InMemory("a.jsonl", content), {.schema = inferred.schema}));
    std::rotate(values.begin(), values.begin() + 1, values.end());
  }
  return answer;
}

std::vector<std::string> NotesOf(const std::string& content) { return InferLines(content).notes; }

TEST(JsonInfer, SaysHowWideWholeNumbersOfColumnsAreIfItIsAsked) {
  const auto inferred = InferLines("{\"a\":-129,\"b\":[1],\"c\":{\"d\":1}}\n{\"a\":1,\"e\":true}\n{\"e\":1}\n",
                                   {.sample_bytes = 0, .integer_widths = true});
  EXPECT_EQ(Types(*inferred.schema), "a: int16, b: list<item: int64>, c: struct<d: int64>, e: string");
}

TEST(JsonInfer, FindsTheNarrowestTypeThatHoldsEveryValue) {
  EXPECT_EQ(TypeOf({"null"}), "null");
  EXPECT_EQ(TypeOf({"true", "null", "false"}), "bool");
  EXPECT_EQ(TypeOf({"1", "-9223372036854775808"}), "int64");
  EXPECT_EQ(TypeOf({"1", "18446744073709551615"}), "decimal128(38, 0)");
  EXPECT_EQ(TypeOf({std::string(38, '9'), "5"}), "decimal128(38, 0)");
  EXPECT_EQ(TypeOf({"1", "0.1", "-0", "1e3"}), "double");
  EXPECT_EQ(TypeOf({"\"2025-01-31\""}), "date32[day]");
  EXPECT_EQ(TypeOf({"\"2025-01-31T10:00:00\"", "\"2025-01-31T10:00:00.123456\""}), "timestamp[us]");
  EXPECT_EQ(TypeOf({"\"2025-01-31T10:00:00Z\"", "\"2025-01-31T10:00:00+02:00\""}), "timestamp[us, tz=UTC]");
  EXPECT_EQ(TypeOf({"\"x\"", "\"2025-01-31\""}), "string");
  EXPECT_EQ(TypeOf({"[1,2]", "[]", "null", "[null]"}), "list<item: int64>");
  EXPECT_EQ(TypeOf({"[[1],[0.5]]"}), "list<item: list<item: double>>");
  EXPECT_EQ(TypeOf({"{\"a\":1}", "{\"a\":0.5}"}), "struct<a: double>");
  EXPECT_EQ(TypeOf({"[{\"a\":1},{\"a\":[]}]"}), "list<item: struct<a: string>>");
}

TEST(JsonInfer, KeepsAsStringsWhatATypeWouldChange) {
  for (const std::vector<std::string>& values :
       std::vector<std::vector<std::string>>{{"\"\""},
                                             {"\"2025-01-31 10:00:00\""},
                                             {"\"2025-01-31T10:00\""},
                                             {"\"2025-01-31T10:00:00.1234567\""},
                                             {"\"2025-02-30\""},
                                             {"\"2025-01-31T10:00:00\"", "\"2025-01-31T10:00:00Z\""},
                                             {"\"5\""},
                                             {"\"true\""},
                                             {"1", "\"1\""},
                                             {"1", "true"},
                                             {"1", "{\"a\":1}"},
                                             {"[1]", "1"},
                                             {"[1]", "{}"},
                                             {"1.5", "9007199254740993"},
                                             {std::string(39, '9')},
                                             {"1e400", "1"},
                                             {"1e-400"},
                                             {"{}"}}) {
    EXPECT_EQ(TypeOf(values), "string") << values[0];
  }
}

TEST(JsonInfer, TellsWhyAColumnIsJsonText) {
  EXPECT_THAT(NotesOf("{\"a\":1,\"b\":\"x\",\"c\":null}\n"), IsEmpty());
  EXPECT_THAT(NotesOf("{\"a\":1}\n{\"a\":{}}\n"), ElementsAre("column a: integers and objects, kept as JSON text"));
  EXPECT_THAT(NotesOf("{\"a\":{\"b\":[{\"c\":\"x\"},{\"c\":true}]}}\n"),
              ElementsAre("column a.b[].c: strings and booleans, kept as JSON text"));
  EXPECT_THAT(NotesOf("{\"a\":1e400}\n"),
              ElementsAre("column a: numbers beyond decimal(38,0) and double, kept as JSON text"));
  EXPECT_THAT(NotesOf("{\"a\":9007199254740993}\n{\"a\":0.5}\n"),
              ElementsAre("column a: integers beyond 2^53 and fractions, kept as JSON text"));
  EXPECT_THAT(NotesOf("{\"a\":{}}\n"), ElementsAre("column a: objects without keys, kept as JSON text"));
  EXPECT_THAT(NotesOf("{}\n"), IsEmpty());
}

TEST(JsonInfer, TakesObjectsWithVeryManyKeysForMaps) {
  const auto objects = [](int keys) {
    std::string content;
    for (int i = 0; i < keys; ++i) content += "{\"m\":{\"k" + std::to_string(i) + "\":1}}\n";
    return content;
  };
  EXPECT_EQ(InferLines(objects(1000)).schema->field(0)->type()->num_fields(), 1000);
  const auto many = InferLines(objects(1001));
  EXPECT_EQ(Types(*many.schema), "m: string");
  EXPECT_THAT(many.notes, ElementsAre("column m: objects with more than 1000 different keys, kept as JSON text"));
}

TEST(JsonInfer, OrdersColumnsByTheirFirstAppearance) {
  EXPECT_EQ(Types(*InferLines("{\"b\":1}\n{\"a\":1,\"b\":2}\n{\"c\":1,\"\\u0061\":2}\n").schema),
            "b: int64, a: int64, c: int64");
}

TEST(JsonInfer, LooksAtASampleAndSaysSo) {
  std::string lines;
  std::string array = "[";
  for (int i = 0; i < 10'000; ++i) {
    lines += "{\"a\":1}\n";
    array += "{\"a\":1},";
  }
  for (const auto& [name, content] :
       std::map<std::string, std::string>{{"json", array + "{\"a\":\"x\"}]"}, {"jsonl", lines + "{\"a\":\"x\"}\n"}}) {
    const auto* format = FormatByName(name).ValueOrDie();
    ASSERT_OK_AND_ASSIGN(const auto sampled, format->Infer(InMemory("a", content), {.sample_bytes = 1000}));
    EXPECT_EQ(Types(*sampled.schema), "a: int64");
    EXPECT_FALSE(sampled.complete);
    EXPECT_GT(sampled.rows_seen, 50);
    EXPECT_LT(sampled.rows_seen, 1000);
    ASSERT_OK_AND_ASSIGN(const auto full, format->Infer(InMemory("a", content), {.sample_bytes = 0}));
    EXPECT_EQ(Types(*full.schema), "a: string");
    EXPECT_TRUE(full.complete);
    EXPECT_EQ(full.rows_seen, 10'001);
  }
}

TEST(JsonInfer, TakesGivenTypesAsTheyAre) {
  InferOptions options;
  options.types["a"] = arrow::utf8();
  EXPECT_EQ(Types(*InferLines("{\"a\":1,\"b\":2}\n", options).schema), "a: string, b: int64");
}

TEST(JsonInfer, PassesOverLinesThatDoNotParseAndTellsThem) {
  const auto inferred = InferLines("{\"a\":1}\n{\"a\":\"x\",}\n{\"a\":2} {\"a\":\"x\"}\n{\"a\":3}\n");
  EXPECT_EQ(Types(*inferred.schema), "a: int64");
  EXPECT_EQ(inferred.rows_seen, 2);
  ASSERT_EQ(inferred.notes.size(), 1u);
  EXPECT_THAT(inferred.notes[0], HasSubstr("2 lines do not parse"));
  EXPECT_THAT(inferred.notes[0], HasSubstr("a.jsonl, line 2, byte 10"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 1",
               FormatByName("jsonl").ValueOrDie()->Infer(InMemory("a.jsonl", "x\ny\n"), {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2",
               FormatByName("json").ValueOrDie()->Infer(InMemory("a.json", "[{\"a\":1},\n{\"a\":}]"), {}));
}

TEST(JsonInfer, FindsNoColumnsInAnEmptyFile) {
  const auto inferred = InferLines("\n");
  EXPECT_EQ(inferred.schema->num_fields(), 0);
  EXPECT_TRUE(inferred.complete);
}

}  // namespace
}  // namespace glaux
