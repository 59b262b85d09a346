#include "glaux/schema/types.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/schema/random_type_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using arrow::TimeUnit;
using schema_internal::RandomTypes;
using ::testing::HasSubstr;
using TypePtr = std::shared_ptr<arrow::DataType>;

#define EXPECT_TYPE(expected, expression)                                         \
  do {                                                                            \
    const Result<TypePtr> glaux_type = (expression);                              \
    ASSERT_TRUE(glaux_type.ok()) << glaux_type.status().ToString();               \
    EXPECT_TRUE((*glaux_type)->Equals(*(expected))) << (*glaux_type)->ToString(); \
  } while (false)

#define EXPECT_TEXT(expected, expression)                           \
  do {                                                              \
    const Result<std::string> glaux_text = (expression);            \
    ASSERT_TRUE(glaux_text.ok()) << glaux_text.status().ToString(); \
    EXPECT_EQ(*glaux_text, expected);                               \
  } while (false)

const TypePtr kMicros = arrow::timestamp(TimeUnit::MICRO);

TEST(ParseGlueType, ReadsEveryScalar) {
  EXPECT_TYPE(arrow::boolean(), ParseGlueType("boolean"));
  EXPECT_TYPE(arrow::int8(), ParseGlueType("tinyint"));
  EXPECT_TYPE(arrow::int16(), ParseGlueType("smallint"));
  EXPECT_TYPE(arrow::int32(), ParseGlueType("int"));
  EXPECT_TYPE(arrow::int64(), ParseGlueType("bigint"));
  EXPECT_TYPE(arrow::float32(), ParseGlueType("float"));
  EXPECT_TYPE(arrow::float64(), ParseGlueType("double"));
  EXPECT_TYPE(arrow::utf8(), ParseGlueType("string"));
  EXPECT_TYPE(arrow::binary(), ParseGlueType("binary"));
  EXPECT_TYPE(arrow::date32(), ParseGlueType("date"));
  EXPECT_TYPE(kMicros, ParseGlueType("timestamp"));
  EXPECT_TYPE(arrow::decimal128(10, 2), ParseGlueType("decimal(10,2)"));
  EXPECT_TYPE(arrow::decimal128(10, 0), ParseGlueType("decimal"));
  EXPECT_TYPE(arrow::decimal128(7, 0), ParseGlueType("decimal(7)"));
}

TEST(ParseGlueType, TakesSynonymsInAnyCaseWithAnyBlanks) {
  EXPECT_TYPE(arrow::int32(), ParseGlueType(" Integer "));
  EXPECT_TYPE(arrow::int64(), ParseGlueType("LONG"));
  EXPECT_TYPE(arrow::int16(), ParseGlueType("short"));
  EXPECT_TYPE(arrow::int8(), ParseGlueType("byte"));
  EXPECT_TYPE(arrow::float32(), ParseGlueType("real"));
  EXPECT_TYPE(arrow::float64(), ParseGlueType("double precision"));
  EXPECT_TYPE(arrow::utf8(), ParseGlueType("varchar(255)"));
  EXPECT_TYPE(arrow::utf8(), ParseGlueType("char ( 3 )"));
  EXPECT_TYPE(arrow::utf8(), ParseGlueType("character varying(3)"));
  EXPECT_TYPE(kMicros, ParseGlueType("timestamp with time zone"));
  EXPECT_TYPE(kMicros, ParseGlueType("timestamp(3)"));
  EXPECT_TYPE(arrow::map(arrow::utf8(), arrow::list(arrow::int32())), ParseGlueType("MAP < string ,\n array<INT> >"));
}

TEST(ParseGlueType, KeepsTheNamesOfFieldsAsTheyAre) {
  EXPECT_TYPE(arrow::struct_({arrow::field("a b", arrow::int32()), arrow::field("Größe/m", arrow::utf8()),
                              arrow::field("x:`y", arrow::utf8())}),
              ParseGlueType("struct<a b:int, Größe/m :string,`x:``y`:string>"));
}

TEST(ParseGlueType, TakesTheEmptyStructThatCrawlersWriteAndComments) {
  EXPECT_TYPE(arrow::struct_(arrow::FieldVector{}), ParseGlueType("struct<>"));
  EXPECT_TYPE(arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::int32())}),
              ParseGlueType("struct<a:int comment 'it''s > one',b:int>"));
}

TEST(ParseGlueType, SaysTheColumnAndWhatWasExpected) {
  ASSERT_FAILS(ErrorKind::kInvalid, "\"array<in>\", column 7: expected a type, found in", ParseGlueType("array<in>"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 10: expected >, found the end", ParseGlueType("array<int"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 1: expected a type, found the end", ParseGlueType(""));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 5: expected the end, found >", ParseGlueType("int >"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 9: expected 1 to 38 digits, found 39", ParseGlueType("decimal(39,0)"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 11: expected at most 3 digits", ParseGlueType("decimal(3,4)"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 14: two fields are called a", ParseGlueType("struct<a:int,a:int>"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 8: this ` is never closed", ParseGlueType("struct<`a:int>"));
  ASSERT_FAILS(ErrorKind::kInvalid, "union", ParseGlueType("uniontype<int,string>"));
  // A column counts characters, not bytes.
  ASSERT_FAILS(ErrorKind::kInvalid, "column 12: expected a type, found nix", ParseGlueType("struct<äöü:nix>"));
}

TEST(ParseGlueType, RefusesToNestWithoutEnd) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "array<";
  ASSERT_FAILS(ErrorKind::kInvalid, "at most 100 levels", ParseGlueType(deep));
  std::string fits = "int";
  for (int i = 0; i < 100; ++i) fits = "array<" + fits + ">";
  ASSERT_OK_AND_ASSIGN(const auto type, ParseGlueType(fits));
  EXPECT_TEXT(fits, ToGlueType(*type));
}

TEST(ParseDuckDBType, RefusesToNestWithoutEndBySuffixesToo) {
  std::string deep = "INTEGER";
  for (int i = 0; i < 100'000; ++i) deep += "[]";
  ASSERT_FAILS(ErrorKind::kInvalid, "at most 100 levels", ParseDuckDBType(deep));
}

TEST(ToGlueType, PrintsWhatGlueHas) {
  EXPECT_TEXT("array<struct<a:int,b:map<string,decimal(10,2)>>>",
              ToGlueType(*arrow::list(
                  arrow::struct_({arrow::field("a", arrow::int32()),
                                  arrow::field("b", arrow::map(arrow::utf8(), arrow::decimal128(10, 2)))}))));
  EXPECT_TEXT("struct<`a:b`:int,` c`:int,d e:int>",
              ToGlueType(*arrow::struct_({arrow::field("a:b", arrow::int32()), arrow::field(" c", arrow::int32()),
                                          arrow::field("d e", arrow::int32())})));
}

TEST(StoredType, TakesTheNextWiderTypeForWhatGlueLacks) {
  const std::vector<std::pair<TypePtr, TypePtr>> cases = {
      {arrow::uint8(), arrow::int16()},
      {arrow::uint16(), arrow::int32()},
      {arrow::uint32(), arrow::int64()},
      {arrow::uint64(), arrow::decimal128(20, 0)},
      {arrow::float16(), arrow::float32()},
      {arrow::large_utf8(), arrow::utf8()},
      {arrow::utf8_view(), arrow::utf8()},
      {arrow::dictionary(arrow::int32(), arrow::utf8()), arrow::utf8()},
      {arrow::large_binary(), arrow::binary()},
      {arrow::fixed_size_binary(16), arrow::binary()},
      {arrow::date64(), arrow::date32()},
      {arrow::timestamp(TimeUnit::NANO, "Europe/Berlin"), kMicros},
      {arrow::timestamp(TimeUnit::SECOND), kMicros},
      {arrow::time32(TimeUnit::SECOND), arrow::utf8()},
      {arrow::time64(TimeUnit::NANO), arrow::utf8()},
      {arrow::duration(TimeUnit::MICRO), arrow::int64()},
      {arrow::decimal256(38, 4), arrow::decimal128(38, 4)},
      {arrow::decimal64(9, 4), arrow::decimal128(9, 4)},
      {arrow::decimal128(3, -2), arrow::decimal128(5, 0)},
      {arrow::decimal128(2, 5), arrow::decimal128(5, 5)},
      {arrow::fixed_size_list(arrow::uint8(), 3), arrow::list(arrow::int16())},
      {arrow::large_list(arrow::large_utf8()), arrow::list(arrow::utf8())},
      {arrow::list_view(arrow::int8()), arrow::list(arrow::int8())},
      {arrow::run_end_encoded(arrow::int32(), arrow::large_utf8()), arrow::utf8()},
      {arrow::extension::uuid(), arrow::utf8()},
      {arrow::struct_({arrow::field("a", arrow::uint8(), false)}), arrow::struct_({arrow::field("a", arrow::int16())})},
      {arrow::map(arrow::large_utf8(), arrow::uint8()), arrow::map(arrow::utf8(), arrow::int16())},
  };
  for (const auto& [type, stored] : cases) {
    SCOPED_TRACE(type->ToString());
    EXPECT_TYPE(stored, StoredType(*type));
    // What is stored is read back from the catalog as itself.
    ASSERT_OK_AND_ASSIGN(const auto glue, ToGlueType(*type));
    EXPECT_TYPE(stored, ParseGlueType(glue));
    EXPECT_TYPE(stored, StoredType(*stored));
  }
}

TEST(StoredType, RefusesWhatHasNoPlaceInATable) {
  ASSERT_FAILS(ErrorKind::kInvalid, "type null has no place in a table", StoredType(*arrow::null()));
  ASSERT_FAILS(ErrorKind::kInvalid, "has no place in a table",
               StoredType(*arrow::sparse_union({arrow::field("a", arrow::int32())})));
  ASSERT_FAILS(ErrorKind::kInvalid, "has no place in a table", ToGlueType(*arrow::month_interval()));
  ASSERT_FAILS(ErrorKind::kInvalid, "at most 38 digits", ToGlueType(*arrow::decimal256(39, 0)));
  ASSERT_FAILS(ErrorKind::kInvalid, "field a: type null",
               StoredType(*arrow::struct_({arrow::field("a", arrow::null())})));
  ASSERT_FAILS(ErrorKind::kInvalid, "without fields", StoredType(*arrow::struct_(arrow::FieldVector{})));
  ASSERT_FAILS(ErrorKind::kInvalid, "fields Id and ID, which are one",
               StoredType(*arrow::struct_({arrow::field("Id", arrow::int32()), arrow::field("ID", arrow::int32())})));
  TypePtr deep = arrow::int32();
  for (int i = 0; i < 200; ++i) deep = arrow::list(deep);
  ASSERT_FAILS(ErrorKind::kInvalid, "deeper than 100", StoredType(*deep));
  ASSERT_FAILS(ErrorKind::kInvalid, "deeper than 100", ToDuckDBType(*deep));
}

TEST(ParseAthenaType, ReadsTypesOfResults) {
  EXPECT_TYPE(arrow::int32(), ParseAthenaType("integer"));
  EXPECT_TYPE(arrow::float32(), ParseAthenaType("real"));
  EXPECT_TYPE(arrow::utf8(), ParseAthenaType("varchar(10)"));
  EXPECT_TYPE(arrow::utf8(), ParseAthenaType("json"));
  EXPECT_TYPE(arrow::binary(), ParseAthenaType("varbinary"));
  EXPECT_TYPE(arrow::decimal128(38, 0), ParseAthenaType("decimal"));
  EXPECT_TYPE(arrow::timestamp(TimeUnit::MILLI), ParseAthenaType("timestamp"));
  EXPECT_TYPE(kMicros, ParseAthenaType("timestamp(6)"));
  EXPECT_TYPE(arrow::timestamp(TimeUnit::MILLI, "UTC"), ParseAthenaType("timestamp(3) with time zone"));
  EXPECT_TYPE(arrow::time32(TimeUnit::MILLI), ParseAthenaType("time"));
  EXPECT_TYPE(arrow::duration(TimeUnit::MILLI), ParseAthenaType("interval day to second"));
  EXPECT_TYPE(arrow::null(), ParseAthenaType("unknown"));
  EXPECT_TYPE(arrow::binary(), ParseAthenaType("qdigest(bigint)"));
  EXPECT_TYPE(arrow::list(arrow::int64()), ParseAthenaType("array(bigint)"));
  EXPECT_TYPE(arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}),
              ParseAthenaType("row(a integer, b varchar)"));
  EXPECT_TYPE(arrow::struct_({arrow::field("a b\"c", arrow::int32())}), ParseAthenaType("row(\"a b\"\"c\" integer)"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column 11: expected at most 9 digits", ParseAthenaType("timestamp(12)"));
}

TEST(ParseAthenaType, ReadsTypesOfDdl) {
  EXPECT_TYPE(arrow::list(arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::float32())})),
              ParseAthenaType("array<struct<a:string,b:float>>"));
}

TEST(ParseAthenaType, GivesNamelessFieldsTheNamesThatAthenaShows) {
  EXPECT_TYPE(arrow::struct_({arrow::field("field0", arrow::int32()), arrow::field("date", arrow::date32()),
                              arrow::field("field2", arrow::decimal128(3, 1)),
                              arrow::field("field3", arrow::timestamp(TimeUnit::MILLI, "UTC")),
                              arrow::field("timestamp", arrow::timestamp(TimeUnit::MILLI))}),
              ParseAthenaType("row(integer, date date, decimal(3,1), timestamp with time zone, timestamp timestamp)"));
}

TEST(ToAthenaType, PrintsTheTypesOfResults) {
  EXPECT_TEXT("row(a integer, \"b c\" array(varchar), m map(varchar, timestamp(6)))",
              ToAthenaType(*arrow::struct_({arrow::field("a", arrow::int32()),
                                            arrow::field("b c", arrow::list(arrow::large_utf8())),
                                            arrow::field("m", arrow::map(arrow::utf8(), kMicros))})));
  EXPECT_TEXT("smallint", ToAthenaType(*arrow::uint8()));
  EXPECT_TEXT("timestamp(3) with time zone", ToAthenaType(*arrow::timestamp(TimeUnit::MILLI, "America/Lima")));
  EXPECT_TEXT("unknown", ToAthenaType(*arrow::null()));
}

TEST(ParseDuckDBType, ReadsWhatTypeofPrints) {
  EXPECT_TYPE(arrow::list(arrow::struct_({arrow::field("a", arrow::int32()),
                                          arrow::field("b", arrow::map(arrow::utf8(), arrow::decimal128(10, 2)))})),
              ParseDuckDBType("STRUCT(a INTEGER, b MAP(VARCHAR, DECIMAL(10,2)))[]"));
  EXPECT_TYPE(arrow::fixed_size_list(arrow::field("element", arrow::list(arrow::float32())), 3),
              ParseDuckDBType("FLOAT[][3]"));
  EXPECT_TYPE(arrow::decimal128(18, 3), ParseDuckDBType("DECIMAL"));
  EXPECT_TYPE(arrow::int64(), ParseDuckDBType("int8"));
  EXPECT_TYPE(arrow::decimal128(38, 0), ParseDuckDBType("HUGEINT"));
  EXPECT_TYPE(kMicros, ParseDuckDBType("TIMESTAMP"));
  EXPECT_TYPE(arrow::timestamp(TimeUnit::SECOND), ParseDuckDBType("TIMESTAMP_S"));
  EXPECT_TYPE(arrow::timestamp(TimeUnit::MICRO, "UTC"), ParseDuckDBType("TIMESTAMP WITH TIME ZONE"));
  EXPECT_TYPE(arrow::utf8(), ParseDuckDBType("ENUM('a', 'it''s')"));
  EXPECT_TYPE(arrow::utf8(), ParseDuckDBType("UUID"));
  EXPECT_TYPE(arrow::null(), ParseDuckDBType("\"NULL\""));
  ASSERT_FAILS(ErrorKind::kInvalid, "union", ParseDuckDBType("UNION(a INTEGER)"));
}

TEST(ToDuckDBType, QuotesNamesThatDuckDBWouldNotTake) {
  EXPECT_TEXT("STRUCT(a INTEGER, \"Order\" INTEGER, \"b\"\"c\" UTINYINT, \"1\" VARCHAR[3])",
              ToDuckDBType(*arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("Order", arrow::int32()),
                                            arrow::field("b\"c", arrow::uint8()),
                                            arrow::field("1", arrow::fixed_size_list(arrow::utf8(), 3))})));
}

std::vector<TypePtr> With(std::vector<TypePtr> more) {
  more.insert(more.end(), {arrow::boolean(), arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(),
                           arrow::float32(), arrow::float64(), arrow::utf8(), arrow::binary(), arrow::date32(), kMicros,
                           arrow::decimal128(38, 38), arrow::decimal128(1, 0), arrow::decimal128(10, 2)});
  return more;
}

const std::vector<std::string> kNames = {"a", "B",  "order", "a b",       "x\"y", "x`y",      "`",  "date",
                                         "ä", "_1", "2",     "timestamp", "with", "a:b,c<d>", " p "};

TEST(Types, AreReadBackAsTheyWerePrinted) {
  RandomTypes glue(1, With({}), kNames);
  RandomTypes athena(2,
                     With({arrow::timestamp(TimeUnit::SECOND), arrow::timestamp(TimeUnit::NANO, "UTC"), arrow::null(),
                           arrow::time32(TimeUnit::MILLI), arrow::time64(TimeUnit::NANO), arrow::month_interval(),
                           arrow::duration(TimeUnit::MILLI)}),
                     kNames);
  RandomTypes duckdb(3,
                     With({arrow::uint8(), arrow::uint16(), arrow::uint32(), arrow::uint64(), arrow::null(),
                           arrow::timestamp(TimeUnit::MILLI), arrow::timestamp(TimeUnit::MICRO, "UTC"),
                           arrow::time64(TimeUnit::MICRO), arrow::time64(TimeUnit::NANO),
                           arrow::month_day_nano_interval(), arrow::fixed_size_list(arrow::int32(), 3)}),
                     kNames);
  for (int i = 0; i < 3'000; ++i) {
    const auto g = glue.Next();
    ASSERT_OK_AND_ASSIGN(const auto glue_text, ToGlueType(*g));
    ASSERT_OK_AND_ASSIGN(const auto glue_back, ParseGlueType(glue_text));
    ASSERT_TRUE(glue_back->Equals(*g)) << glue_text;

    const auto a = athena.Next();
    ASSERT_OK_AND_ASSIGN(const auto athena_text, ToAthenaType(*a));
    ASSERT_OK_AND_ASSIGN(const auto athena_back, ParseAthenaType(athena_text));
    ASSERT_TRUE(athena_back->Equals(*a)) << athena_text;

    const auto d = duckdb.Next();
    ASSERT_OK_AND_ASSIGN(const auto duckdb_text, ToDuckDBType(*d));
    ASSERT_OK_AND_ASSIGN(const auto duckdb_back, ParseDuckDBType(duckdb_text));
    ASSERT_TRUE(duckdb_back->Equals(*d)) << duckdb_text;
  }
}

TEST(Types, GarbageIsAnErrorWithAColumnAndNeverACrash) {
  RandomTypes random(4, {arrow::int32()}, {"a"});
  const std::vector<std::string> pieces = {"array",     "<",
                                           ">",         "(",
                                           ")",         "struct",
                                           "row",       "map",
                                           ",",         ":",
                                           "int",       "a",
                                           " ",         "[",
                                           "]",         "7",
                                           "`",         "\"",
                                           "'",         "decimal",
                                           "timestamp", "with time zone",
                                           "interval",  "enum",
                                           "\xff",      "999999999999",
                                           "comment"};
  for (int i = 0; i < 30'000; ++i) {
    const std::string text = random.Garbage(pieces);
    for (const auto& parsed : {ParseGlueType(text), ParseAthenaType(text), ParseDuckDBType(text)}) {
      if (parsed.ok()) continue;
      ASSERT_THAT(parsed.status().message(), HasSubstr(", column ")) << text;
    }
  }
}

}  // namespace
}  // namespace glaux
