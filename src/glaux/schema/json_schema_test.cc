#include "glaux/schema/json_schema.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/schema/random_type_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using arrow::field;
using arrow::schema;
using ::testing::HasSubstr;
using TypePtr = std::shared_ptr<arrow::DataType>;

const TypePtr kMicros = arrow::timestamp(arrow::TimeUnit::MICRO);

TypePtr ListOf(const TypePtr& type, bool nullable = false) { return arrow::list(field("element", type, nullable)); }
TypePtr MapOf(const TypePtr& type, bool nullable = false) {
  return arrow::map(arrow::utf8(), field("value", type, nullable));
}

/// The type of the one required property `a` with this schema, among these definitions.
Result<TypePtr> TypeOf(const std::string& property, const std::string& definitions = "{}") {
  ARROW_ASSIGN_OR_RAISE(const auto parsed, ParseJsonSchema(R"({"$defs": )" + definitions +
                                                           R"(, "type": "object", "required": ["a"],
                        "properties": {"a": )" + property + "}}"));
  return parsed->field(0)->type();
}

#define EXPECT_TYPE(expected, expression)                                         \
  do {                                                                            \
    const Result<TypePtr> glaux_type = (expression);                              \
    ASSERT_TRUE(glaux_type.ok()) << glaux_type.status().ToString();               \
    EXPECT_TRUE((*glaux_type)->Equals(*(expected))) << (*glaux_type)->ToString(); \
  } while (false)

// As Pydantic 2 prints a model with these fields.
constexpr char kOrder[] = R"json({
  "$defs": {
    "Address": {
      "properties": {
        "street": {"title": "Street", "type": "string"},
        "zip": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null, "title": "Zip"}
      },
      "required": ["street"], "title": "Address", "type": "object"
    },
    "Color": {"enum": ["red", "blue"], "title": "Color", "type": "string"},
    "Priority": {"enum": [1, 2], "title": "Priority", "type": "integer"}
  },
  "description": "An order.",
  "properties": {
    "id": {"title": "Id", "type": "integer"},
    "uid": {"format": "uuid", "title": "Uid", "type": "string"},
    "buyer": {"description": "who pays", "maxLength": 10, "title": "Buyer", "type": "string"},
    "price": {"anyOf": [{"type": "number"}, {"pattern": "^(?!^[-+.]*$)[+-]?0*(?:\\d{0,10}|(?=[\\d.]{1,13}0*$)\\d{0,10}\\.\\d{0,2}0*$)", "type": "string"}], "title": "Price"},
    "rate": {"anyOf": [{"type": "number"}, {"pattern": "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$", "type": "string"}, {"type": "null"}], "default": null, "title": "Rate"},
    "ratio": {"title": "Ratio", "type": "number"},
    "paid": {"default": false, "title": "Paid", "type": "boolean"},
    "day": {"format": "date", "title": "Day", "type": "string"},
    "at": {"format": "date-time", "title": "At", "type": "string"},
    "opens": {"format": "time", "title": "Opens", "type": "string"},
    "took": {"format": "duration", "title": "Took", "type": "string"},
    "raw": {"format": "binary", "title": "Raw", "type": "string"},
    "color": {"$ref": "#/$defs/Color", "default": "red"},
    "priority": {"$ref": "#/$defs/Priority"},
    "kind": {"const": "order", "title": "Kind", "type": "string"},
    "mixed": {"enum": ["a", 1], "title": "Mixed"},
    "address": {"$ref": "#/$defs/Address"},
    "billing": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}]},
    "tags": {"items": {"type": "string"}, "title": "Tags", "type": "array", "uniqueItems": true},
    "box": {"maxItems": 2, "minItems": 2, "prefixItems": [{"type": "integer"}, {"type": "number"}], "title": "Box", "type": "array"},
    "counts": {"additionalProperties": {"type": "integer"}, "title": "Counts", "type": "object"},
    "stops": {"additionalProperties": {"items": {"$ref": "#/$defs/Address"}, "type": "array"}, "title": "Stops", "type": "object"},
    "score": {"anyOf": [{"type": "integer"}, {"type": "number"}], "title": "Score"},
    "code": {"anyOf": [{"type": "integer"}, {"type": "string"}], "title": "Code"}
  },
  "required": ["id", "uid", "buyer", "price", "ratio", "day", "at", "opens", "took", "raw", "priority", "kind", "mixed",
               "address", "billing", "tags", "box", "counts", "stops", "score", "code"],
  "title": "Order", "type": "object"
})json";

TEST(ParseJsonSchema, ReadsAPydanticModel) {
  ASSERT_OK_AND_ASSIGN(const auto parsed, ParseJsonSchema(kOrder));
  const auto address = arrow::struct_({field("street", arrow::utf8(), false), field("zip", arrow::utf8())});
  const auto expected = schema({
      field("id", arrow::int64(), false),
      field("uid", arrow::utf8(), false),
      field("buyer", arrow::utf8(), false),
      field("price", arrow::decimal128(12, 2), false),
      field("rate", arrow::decimal128(38, 18)),
      field("ratio", arrow::float64(), false),
      field("paid", arrow::boolean()),
      field("day", arrow::date32(), false),
      field("at", kMicros, false),
      field("opens", arrow::time64(arrow::TimeUnit::MICRO), false),
      field("took", arrow::utf8(), false),
      field("raw", arrow::binary(), false),
      field("color", arrow::utf8()),
      field("priority", arrow::int64(), false),
      field("kind", arrow::utf8(), false),
      field("mixed", arrow::utf8(), false),
      field("address", address, false),
      field("billing", address),
      field("tags", ListOf(arrow::utf8()), false),
      field("box", ListOf(arrow::float64()), false),
      field("counts", MapOf(arrow::int64()), false),
      field("stops", MapOf(ListOf(address)), false),
      field("score", arrow::float64(), false),
      field("code", arrow::utf8(), false),
  });
  EXPECT_TRUE(parsed->Equals(*expected)) << parsed->ToString();
  ASSERT_OK_AND_ASSIGN(const auto comment, parsed->GetFieldByName("buyer")->metadata()->Get("comment"));
  EXPECT_EQ(comment, "who pays");
}

TEST(ParseJsonSchema, FindsTheDigitsOfADecimal) {
  EXPECT_TYPE(arrow::decimal128(9, 3),
              TypeOf(R"({"anyOf": [{"type": "number"}, {"type": "string"}], "maxDigits": 9, "decimalPlaces": 3})"));
  EXPECT_TYPE(arrow::decimal128(38, 4),
              TypeOf(R"({"anyOf": [{"type": "number"}, {"type": "string"}], "decimal_places": 4})"));
  EXPECT_TYPE(arrow::decimal128(38, 18), TypeOf(R"({"anyOf": [{"type": "number"}, {"type": "string"}]})"));
  EXPECT_TYPE(arrow::decimal128(38, 5),
              TypeOf(R"({"type": "string", "pattern": "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d{0,5}0*$"})"));
  EXPECT_TYPE(arrow::utf8(), TypeOf(R"({"type": "string", "pattern": "^[a-z]{0,5}$"})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "at most 38 digits, found: 40",
               TypeOf(R"({"anyOf": [{"type": "number"}, {"type": "string"}], "maxDigits": 40, "decimalPlaces": 3})"));
}

TEST(ParseJsonSchema, ReadsWhatOtherToolsWrite) {
  EXPECT_TYPE(arrow::int64(), TypeOf(R"({"type": ["integer", "null"]})"));
  EXPECT_TYPE(arrow::float64(), TypeOf(R"({"type": ["integer", "number"]})"));
  EXPECT_TYPE(arrow::binary(), TypeOf(R"({"type": "string", "contentEncoding": "base64"})"));
  EXPECT_TYPE(MapOf(arrow::int64()), TypeOf(R"({"type": "object", "patternProperties": {"^x": {"type": "integer"}}})"));
  EXPECT_TYPE(arrow::float64(), TypeOf(R"({"enum": [1, 2.5]})"));
  EXPECT_TYPE(ListOf(arrow::int64(), true), TypeOf(R"({"items": {"type": ["integer", "null"]}})"));
  EXPECT_TYPE(arrow::struct_({field("x", arrow::int64()), field("y", arrow::int64())}),
              TypeOf(R"({"allOf": [{"$ref": "#/$defs/X"}, {"properties": {"y": {"type": "integer"}}}]})",
                     R"({"X": {"properties": {"x": {"type": "integer"}}}})"));
  // A discriminated union: one struct with the fields of all.
  EXPECT_TYPE(
      arrow::struct_({field("kind", arrow::utf8(), false), field("x", arrow::int64()), field("y", arrow::utf8())}),
      TypeOf(R"({"oneOf": [{"properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}, "required": ["kind"]},
                                   {"properties": {"kind": {"const": "b"}, "y": {"type": "string"}}, "required": ["kind"]}]})"));
}

TEST(ParseJsonSchema, ReadsARootThatIsAReference) {
  ASSERT_OK_AND_ASSIGN(
      const auto parsed,
      ParseJsonSchema(
          R"({"$defs": {"M/x": {"properties": {"v": {"type": "integer"}}, "type": "object"}}, "$ref": "#/$defs/M~1x"})"));
  EXPECT_TRUE(parsed->Equals(*schema({field("v", arrow::int64())})));
}

TEST(ParseJsonSchema, TakesARequiredFieldThatMayBeNullAsNullable) {
  ASSERT_OK_AND_ASSIGN(const auto parsed,
                       ParseJsonSchema(R"({"properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]})"));
  EXPECT_TRUE(parsed->field(0)->nullable());
}

TEST(ParseJsonSchema, SaysWhatHasNoType) {
  ASSERT_FAILS(ErrorKind::kInvalid, "JSON Schema at /properties/a: anything may stand here",
               TypeOf(R"({"title": "Any"})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "/properties/a: an object of unknown fields",
               TypeOf(R"({"type": "object", "additionalProperties": true})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "/properties/a/items: anything", TypeOf(R"({"type": "array", "items": {}})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "/properties/a: an array of anything", TypeOf(R"({"type": "array"})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "tuple of several types",
               TypeOf(R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "/properties/a/anyOf: no column type holds all of these",
               TypeOf(R"({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "found: int", TypeOf(R"({"type": "int"})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a schema, found: 7", TypeOf("7"));
  ASSERT_FAILS(ErrorKind::kInvalid, "leads nowhere: #/$defs/X", TypeOf(R"({"$ref": "#/$defs/X"})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "inside this schema", TypeOf(R"({"$ref": "other.json#/X"})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "/properties/a~1b: anything", ParseJsonSchema(R"({"properties": {"a/b": {}}})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "at the root: expected a record",
               ParseJsonSchema(R"({"type": "array", "items": {"type": "integer"}})"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2: not JSON", ParseJsonSchema("{\n\"a\": tru}"));
  ASSERT_FAILS(ErrorKind::kInvalid, "not JSON", ParseJsonSchema(""));
  ASSERT_FAILS(ErrorKind::kInvalid, "not JSON", ParseJsonSchema("{} {}"));
}

TEST(ParseJsonSchema, RefusesModelsWithoutEnd) {
  ASSERT_FAILS(ErrorKind::kInvalid, "recursive model Node has no column type", ParseJsonSchema(R"({
    "$defs": {"Node": {"properties": {"v": {"type": "integer"}, "kids": {"items": {"$ref": "#/$defs/Node"}, "type": "array"}}, "type": "object"}},
    "$ref": "#/$defs/Node"})"));
  std::string deep = R"({"type": "integer"})";
  for (int i = 0; i < 200; ++i) deep = R"({"type": "array", "items": )" + deep + "}";
  ASSERT_FAILS(ErrorKind::kInvalid, "at most 100 levels", TypeOf(deep));
  ASSERT_FAILS(ErrorKind::kInvalid, "not JSON", TypeOf(std::string(100'000, '[')));
  // Each definition names the next one twice: 2^40 fields.
  std::string doubling = "{";
  for (int i = 0; i < 40; ++i) {
    const std::string next = R"({"$ref": "#/$defs/D)" + std::to_string(i + 1) + R"("})";
    doubling += R"("D)" + std::to_string(i) + R"(": {"properties": {"l": )" + next + R"(, "r": )" + next + "}},";
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "more than 100000 parts",
               TypeOf(R"({"$ref": "#/$defs/D0"})", doubling + R"("D40": {"type": "integer"}})"));
}

TEST(ToJsonSchema, PrintsTwoBlanksOfIndent) {
  ASSERT_OK_AND_ASSIGN(
      const auto text,
      ToJsonSchema(*schema({field("id", arrow::int32(), false), field("tags", ListOf(arrow::utf8()))}), "Order"));
  EXPECT_EQ(text, R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Order",
  "type": "object",
  "properties": {
    "id": {
      "type": "integer",
      "x-glaux-type": "int"
    },
    "tags": {
      "type": ["array", "null"],
      "items": {
        "type": "string"
      }
    }
  },
  "required": ["id"]
}
)");
}

TEST(ToJsonSchema, RefusesWhatHasNoPlaceInATable) {
  ASSERT_FAILS(ErrorKind::kInvalid, "field u: ",
               ToJsonSchema(*schema({field("u", arrow::sparse_union({field("x", arrow::int32())}))}), "T"));
  ASSERT_FAILS(ErrorKind::kInvalid, "two fields are called a",
               ToJsonSchema(*schema({field("a", arrow::int32()), field("a", arrow::int32())}), "T"));
}

TEST(ToJsonSchema, SaysWhatItCanOfTypesThatGlueLacks) {
  const std::vector<std::pair<TypePtr, TypePtr>> cases = {
      {arrow::time64(arrow::TimeUnit::MICRO), arrow::time64(arrow::TimeUnit::MICRO)},
      {arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), kMicros},
      {arrow::uint64(), arrow::decimal128(20, 0)},
      {arrow::uint16(), arrow::int32()},
      {arrow::dictionary(arrow::int8(), arrow::utf8()), arrow::utf8()},
      {arrow::duration(arrow::TimeUnit::SECOND), arrow::int64()},
      {arrow::large_list(field("item", arrow::large_utf8())), ListOf(arrow::utf8(), true)},
      {arrow::null(), arrow::null()},
  };
  for (const auto& [type, read] : cases) {
    ASSERT_OK_AND_ASSIGN(const auto text, ToJsonSchema(*schema({field("a", type)}), "T"));
    ASSERT_OK_AND_ASSIGN(const auto back, ParseJsonSchema(text));
    EXPECT_TRUE(back->Equals(*schema({field("a", read)}))) << text << back->ToString();
  }
}

TEST(ToJsonSchema, KeepsDescriptions) {
  const auto described =
      schema({field("a", arrow::utf8(), true, arrow::key_value_metadata({"comment"}, {"say \"so\""}))});
  ASSERT_OK_AND_ASSIGN(const auto text, ToJsonSchema(*described, "T"));
  ASSERT_OK_AND_ASSIGN(const auto back, ParseJsonSchema(text));
  EXPECT_TRUE(back->Equals(*described, /*check_metadata=*/true)) << text;
}

TEST(ToJsonSchema, IsReadBackAsItWasPrinted) {
  schema_internal::RandomTypes random(21,
                                      {arrow::boolean(), arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(),
                                       arrow::float32(), arrow::float64(), arrow::utf8(), arrow::binary(),
                                       arrow::date32(), kMicros, arrow::decimal128(10, 2), arrow::decimal128(38, 38)},
                                      {"a", "B", "x y", "ä", "\"", "~/"});
  for (int i = 0; i < 2'000; ++i) {
    arrow::FieldVector fields;
    for (const auto* name : {"p", "q/r", ""}) fields.push_back(field(name, random.Next(3), random.Pick(2) == 0));
    // Map keys of other types than text read back as Glue types, whose parts are all nullable, as here.
    const auto given = schema(fields);
    ASSERT_OK_AND_ASSIGN(const auto text, ToJsonSchema(*given, "T"));
    ASSERT_OK_AND_ASSIGN(const auto back, ParseJsonSchema(text));
    ASSERT_TRUE(back->Equals(*given)) << given->ToString() << "\n" << back->ToString() << "\n" << text;
  }
}

TEST(ParseJsonSchema, GarbageIsAnErrorAndNeverACrash) {
  schema_internal::RandomTypes random(22, {arrow::int32()}, {"a"});
  const std::vector<std::string> values = {"7",
                                           "null",
                                           "true",
                                           "\"string\"",
                                           "\"object\"",
                                           "\"#/\"",
                                           "\"#\"",
                                           "[]",
                                           "{}",
                                           "[{}]",
                                           "[7]",
                                           "\"decimal(3\"",
                                           "{\"a\": {\"type\": \"integer\"}}",
                                           "[\"string\", 7]",
                                           "[{\"type\": \"number\"}, 7]"};
  const std::vector<std::string> keys = {"type",
                                         "properties",
                                         "items",
                                         "prefixItems",
                                         "anyOf",
                                         "oneOf",
                                         "allOf",
                                         "enum",
                                         "const",
                                         "$ref",
                                         "x-glaux-type",
                                         "additionalProperties",
                                         "patternProperties",
                                         "required",
                                         "format",
                                         "pattern",
                                         "description"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "{";
    for (size_t n = 1 + random.Pick(4); n > 0; --n)
      text += "\"" + keys[random.Pick(keys.size())] + "\": " + values[random.Pick(values.size())] + (n > 1 ? ", " : "");
    const auto parsed = ParseJsonSchema(text + "}");
    if (parsed.ok()) continue;
    ASSERT_EQ(KindOf(parsed.status()), ErrorKind::kInvalid) << text;
  }
}

}  // namespace
}  // namespace glaux
