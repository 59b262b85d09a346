#include <gtest/gtest.h>

#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

/// The type of a column with these values, each in a row.
std::string TypeOf(const std::vector<std::string>& values) {
  std::string text = "a,b\n";
  for (const auto& value : values) text += value + ",1\n";
  const auto inferred = FormatByName("csv").ValueOrDie()->Infer(InMemory("a.csv", text), {});
  return inferred.ok() ? inferred->schema->field(0)->type()->ToString() : inferred.status().ToString();
}

TEST(CsvInfer, FindsTheNarrowestTypeThatLosesNothing) {
  EXPECT_EQ(TypeOf({""}), "null");
  EXPECT_EQ(TypeOf({"1", "", "-2"}), "int64");
  EXPECT_EQ(TypeOf({"1", "9223372036854775808", "-9223372036854775807"}), "decimal128(38, 0)");
  EXPECT_EQ(TypeOf({"1", "2.5"}), "double");
  EXPECT_EQ(TypeOf({"2.5", "1", ".5", "1e-7", "-0.0"}), "double");
  EXPECT_EQ(TypeOf({"true", "False", "TRUE"}), "bool");
  EXPECT_EQ(TypeOf({"2025-01-31", ""}), "date32[day]");
  EXPECT_EQ(TypeOf({"2025-01-31", "2025-01-31 10:00:00"}), "timestamp[us]");
  EXPECT_EQ(TypeOf({"2025-01-31T10:00:00.123456"}), "timestamp[us]");
  EXPECT_EQ(TypeOf({"2025-01-31T10:00:00Z", "2025-01-31T10:00:00+02:00"}), "timestamp[us, tz=UTC]");
  EXPECT_EQ(TypeOf({"x"}), "string");
  EXPECT_EQ(TypeOf({"\"1\"", "\"2\""}), "int64");
}

TEST(CsvInfer, KeepsAsStringsWhatATypeWouldChange) {
  for (const std::vector<std::string>& values :
       std::vector<std::vector<std::string>>{{"007"},
                                             {"000123456789"},
                                             {"1", "02"},
                                             {"9223372036854775808", "0.5"},
                                             {std::string(39, '9')},
                                             {"1.5", "9007199254740993"},
                                             {"9007199254740993", "1.5"},
                                             {"+1"},
                                             {" 1"},
                                             {"nan"},
                                             {"inf"},
                                             {"1e999"},
                                             {"10:30:00"},
                                             {"2025-01-31T10:00:00.1234567"},
                                             {"true", "1"},
                                             {"1", "2025-01-01"},
                                             {"2025-01-01T00:00:00Z", "2025-01-01T00:00:00"},
                                             {"2025-02-30"},
                                             {"1,5"},
                                             {"t"},
                                             {"yes"},
                                             {"0x10"}}) {
    std::vector<std::string> quoted;
    for (const auto& value : values) quoted.push_back(value == "1,5" ? "\"1,5\"" : value);
    EXPECT_EQ(TypeOf(quoted), "string") << values[0];
  }
}

TEST(CsvInfer, CallsAColumnOfEmptyStringsAString) {
  EXPECT_EQ(TypeOf({"\"\"", ""}), "string");
  EXPECT_EQ(TypeOf({"\"\"", "5"}), "int64");
}

TEST(CsvInfer, LooksAtASampleAndSaysSo) {
  std::string text = "a,b\n";
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + ",1\n";
  text += "late,x\n";
  const auto* csv = FormatByName("csv").ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto sampled, csv->Infer(InMemory("a.csv", text), {.sample_bytes = 1000}));
  EXPECT_EQ(Types(*sampled.schema), "a: int64, b: int64");
  EXPECT_FALSE(sampled.complete);
  EXPECT_GT(sampled.rows_seen, 50);
  EXPECT_LT(sampled.rows_seen, 1000);
  ASSERT_OK_AND_ASSIGN(const auto full, csv->Infer(InMemory("a.csv", text), {.sample_bytes = 0}));
  EXPECT_EQ(Types(*full.schema), "a: string, b: string");
  EXPECT_TRUE(full.complete);
  EXPECT_EQ(full.rows_seen, 10'001);
}

TEST(CsvInfer, SaysHowWideWholeNumbersAreIfItIsAsked) {
  const std::string text =
      "a,b,c,d,e,f,g\n-128,128,32768,2147483648,1,9007199254740993,99999999999999999999\n127,1,1,1,1.5,1,1\n";
  ASSERT_OK_AND_ASSIGN(const auto inferred,
                       FormatByName("csv").ValueOrDie()->Infer(InMemory("a.csv", text), {.integer_widths = true}));
  EXPECT_EQ(Types(*inferred.schema),
            "a: int8, b: int16, c: int32, d: int64, e: double, f: int64, g: decimal128(38, 0)");
}

TEST(CsvInfer, IsCompleteWhenTheSampleHoldsTheFile) {
  ASSERT_OK_AND_ASSIGN(const auto inferred, FormatByName("csv").ValueOrDie()->Infer(InMemory("a.csv", "a\n1\n2"), {}));
  EXPECT_TRUE(inferred.complete);
  EXPECT_EQ(inferred.rows_seen, 2);
}

TEST(CsvInfer, TakesGivenTypesAsTheyAre) {
  InferOptions options;
  options.types["a"] = arrow::utf8();
  ASSERT_OK_AND_ASSIGN(const auto inferred,
                       FormatByName("csv").ValueOrDie()->Infer(InMemory("a.csv", "a,b\n1,2\n"), options));
  EXPECT_EQ(Types(*inferred.schema), "a: string, b: int64");
}

TEST(CsvInfer, AgreesWithTheReaderOnEveryTypeItFinds) {
  const std::string text = "i,d,b,t,z,x,s\n1,2.5,true,2025-01-01,2025-01-01T00:00:00Z,,007\n";
  ASSERT_OK_AND_ASSIGN(const auto inferred, FormatByName("csv").ValueOrDie()->Infer(InMemory("a.csv", text), {}));
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), {.schema = inferred.schema}));
  EXPECT_EQ(Types(*table->schema()),
            "i: int64, d: double, b: bool, t: date32[day], z: timestamp[us, tz=UTC], x: null, s: string");
}

}  // namespace
}  // namespace glaux
