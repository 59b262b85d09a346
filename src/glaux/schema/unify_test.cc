#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/schema/evolution.h"
#include "glaux/schema/random_type_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using arrow::TimeUnit;
using TypePtr = std::shared_ptr<arrow::DataType>;

/// The same type with the fields of every struct sorted by name.
TypePtr Sorted(const TypePtr& type) {
  if (type->id() == arrow::Type::STRUCT) {
    arrow::FieldVector fields;
    for (const auto& field : type->fields()) fields.push_back(field->WithType(Sorted(field->type())));
    std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a->name() < b->name(); });
    return arrow::struct_(std::move(fields));
  }
  if (type->id() == arrow::Type::LIST) return arrow::list(type->field(0)->WithType(Sorted(type->field(0)->type())));
  if (type->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*type);
    return arrow::map(Sorted(map.key_type()), map.item_field()->WithType(Sorted(map.item_type())));
  }
  return type;
}

TEST(UnifyTypes, FindsTheNarrowestTypeThatHoldsBoth) {
  const auto us = arrow::timestamp(TimeUnit::MICRO);
  const std::vector<std::array<TypePtr, 3>> cases = {
      {arrow::null(), arrow::int32(), arrow::int32()},
      {arrow::int32(), arrow::int64(), arrow::int64()},
      {arrow::uint8(), arrow::int8(), arrow::int16()},
      {arrow::int64(), arrow::float64(), arrow::float64()},
      {arrow::int8(), arrow::float32(), arrow::float64()},
      {arrow::boolean(), arrow::int64(), arrow::utf8()},
      {arrow::boolean(), arrow::utf8(), arrow::utf8()},
      {arrow::date32(), us, us},
      {arrow::date32(), arrow::int32(), arrow::utf8()},
      {arrow::timestamp(TimeUnit::SECOND), arrow::timestamp(TimeUnit::NANO, "UTC"), us},
      {arrow::decimal128(10, 2), arrow::decimal128(8, 4), arrow::decimal128(12, 4)},
      {arrow::decimal128(10, 2), arrow::int64(), arrow::decimal128(21, 2)},
      {arrow::decimal128(38, 0), arrow::decimal128(38, 38), arrow::utf8()},
      {arrow::decimal128(10, 2), arrow::float64(), arrow::utf8()},
      {arrow::duration(TimeUnit::SECOND), arrow::duration(TimeUnit::MILLI), arrow::utf8()},
      {arrow::dictionary(arrow::int32(), arrow::utf8()), arrow::utf8(), arrow::utf8()},
      {arrow::list(arrow::null()), arrow::list(arrow::int8()), arrow::list(arrow::int8())},
      {arrow::list(arrow::int32()), arrow::large_list(arrow::float64()), arrow::list(arrow::float64())},
      {arrow::list(arrow::int32()), arrow::int32(), arrow::utf8()},
      {arrow::map(arrow::utf8(), arrow::int32()), arrow::map(arrow::utf8(), arrow::utf8()),
       arrow::map(arrow::utf8(), arrow::utf8())},
      {arrow::list(arrow::sparse_union({arrow::field("x", arrow::int32())})), arrow::list(arrow::int32()),
       arrow::list(arrow::utf8())},
  };
  for (const auto& [left, right, unified] : cases) {
    EXPECT_TRUE(UnifyTypes(left, right)->Equals(*unified))
        << left->ToString() << " and " << right->ToString() << " gave " << UnifyTypes(left, right)->ToString();
  }
}

TEST(UnifyTypes, KeepsTheLeftFieldsOfStructsFirst) {
  const auto left =
      arrow::struct_({arrow::field("id", arrow::int32(), false), arrow::field("b", arrow::int32(), false)});
  const auto right =
      arrow::struct_({arrow::field("a", arrow::utf8(), false), arrow::field("id", arrow::int64(), false)});
  const auto expected = arrow::struct_(
      {arrow::field("id", arrow::int64(), false), arrow::field("b", arrow::int32()), arrow::field("a", arrow::utf8())});
  EXPECT_TRUE(UnifyTypes(left, right)->Equals(*expected)) << UnifyTypes(left, right)->ToString();
}

TEST(UnifyTypes, DoesNotDependOnTheOrderOfFiles) {
  schema_internal::RandomTypes random(5,
                                      {arrow::null(),
                                       arrow::boolean(),
                                       arrow::int8(),
                                       arrow::uint8(),
                                       arrow::int32(),
                                       arrow::int64(),
                                       arrow::uint64(),
                                       arrow::float16(),
                                       arrow::float32(),
                                       arrow::float64(),
                                       arrow::decimal128(10, 2),
                                       arrow::decimal128(38, 0),
                                       arrow::decimal128(38, 38),
                                       arrow::decimal256(70, 3),
                                       arrow::date32(),
                                       arrow::date64(),
                                       arrow::timestamp(TimeUnit::NANO),
                                       arrow::timestamp(TimeUnit::SECOND, "UTC"),
                                       arrow::utf8(),
                                       arrow::large_utf8(),
                                       arrow::binary(),
                                       arrow::time32(TimeUnit::SECOND),
                                       arrow::time64(TimeUnit::NANO),
                                       arrow::duration(TimeUnit::SECOND),
                                       arrow::duration(TimeUnit::NANO),
                                       arrow::dictionary(arrow::int8(), arrow::int64()),
                                       arrow::month_interval(),
                                       arrow::sparse_union({arrow::field("x", arrow::int32())})},
                                      {"a", "b", "c", "d"});
  for (int i = 0; i < 20'000; ++i) {
    const int depth = i % 3;
    const auto a = random.Next(depth);
    const auto b = random.Next(depth);
    const auto c = random.Next(depth);
    ASSERT_TRUE(Sorted(UnifyTypes(a, b))->Equals(*Sorted(UnifyTypes(b, a)))) << a->ToString() << "\n" << b->ToString();
    ASSERT_TRUE(UnifyTypes(UnifyTypes(a, b), c)->Equals(*UnifyTypes(a, UnifyTypes(b, c))))
        << a->ToString() << "\n"
        << b->ToString() << "\n"
        << c->ToString() << "\n"
        << UnifyTypes(UnifyTypes(a, b), c)->ToString() << "\n"
        << UnifyTypes(a, UnifyTypes(b, c))->ToString();
    ASSERT_TRUE(UnifyTypes(a, a)->Equals(*a));
  }
}

}  // namespace
}  // namespace glaux
