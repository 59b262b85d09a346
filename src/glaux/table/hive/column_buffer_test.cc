#include "glaux/table/hive/column_buffer.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <gtest/gtest.h>

#include <numeric>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

std::shared_ptr<arrow::Array> Strings(const std::vector<const char*>& values) {
  arrow::StringBuilder builder;
  for (const char* value : values) EXPECT_OK(value == nullptr ? builder.AppendNull() : builder.Append(value));
  return builder.Finish().ValueOrDie();
}

/// Append all rows of every array in the order given; decode what comes out.
std::shared_ptr<arrow::Array> Through(const std::shared_ptr<arrow::DataType>& type,
                                      const std::vector<std::shared_ptr<arrow::Array>>& arrays,
                                      const std::vector<int32_t>& rows, arrow::Type::type* encoded = nullptr) {
  StringMemo memo;
  StringMemo* used = type->id() == arrow::Type::STRING ? &memo : nullptr;
  const auto buffer = ColumnBuffer::Make(type, used);
  for (const auto& array : arrays) {
    const auto prepared = PrepareColumn(array, used).ValueOrDie();
    EXPECT_OK(buffer->Append(prepared, rows));
  }
  auto out = buffer->Finish().ValueOrDie();
  EXPECT_OK(out->ValidateFull());
  if (encoded != nullptr) *encoded = out->type_id();
  if (out->type_id() == arrow::Type::DICTIONARY) out = arrow::compute::Cast(*out, type).ValueOrDie();
  return out;
}

TEST(ColumnBuffer, FewDistinctStringsComeOutAsDictionary) {
  arrow::Type::type encoded{};
  const auto out = Through(arrow::utf8(), {Strings({"a", "b", nullptr, "a", "", "a", "b", "b", "a"})},
                           {8, 0, 1, 2, 3, 4, 5, 6}, &encoded);
  EXPECT_EQ(encoded, arrow::Type::DICTIONARY);
  EXPECT_TRUE(out->Equals(*Strings({"a", "a", "b", nullptr, "a", "", "a", "b"}))) << out->ToString();
}

TEST(ColumnBuffer, ManyDistinctStringsComeOutPlain) {
  arrow::Type::type encoded{};
  const auto out = Through(arrow::utf8(), {Strings({"a", "b", "c", nullptr})}, {3, 2, 1, 0}, &encoded);
  EXPECT_EQ(encoded, arrow::Type::STRING);
  EXPECT_TRUE(out->Equals(*Strings({nullptr, "c", "b", "a"})));
}

TEST(ColumnBuffer, DictionariesThatDifferFromBatchToBatchMeet) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& values : {Strings({"x", "y", nullptr}), Strings({"y", "z", "x"})}) {
    arrays.push_back(arrow::compute::DictionaryEncode(values)->make_array());
  }
  const auto out = Through(arrow::utf8(), arrays, {0, 1, 2});
  EXPECT_TRUE(out->Equals(*Strings({"x", "y", nullptr, "y", "z", "x"}))) << out->ToString();
}

TEST(ColumnBuffer, KeepsEveryTypeAndNullsThatComeLate) {
  const std::vector<std::shared_ptr<arrow::DataType>> types = {arrow::int8(),
                                                               arrow::int16(),
                                                               arrow::int32(),
                                                               arrow::int64(),
                                                               arrow::float32(),
                                                               arrow::float64(),
                                                               arrow::boolean(),
                                                               arrow::date32(),
                                                               arrow::timestamp(arrow::TimeUnit::MICRO),
                                                               arrow::decimal128(20, 3),
                                                               arrow::binary(),
                                                               arrow::list(arrow::int64()),
                                                               arrow::struct_({arrow::field("a", arrow::utf8())})};
  for (const auto& type : types) {
    const auto empty = arrow::MakeArrayOfNull(type, 3).ValueOrDie();
    std::unique_ptr<arrow::ArrayBuilder> builder;
    ASSERT_OK(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder));
    ASSERT_OK(builder->AppendEmptyValues(3));
    const auto values = builder->Finish().ValueOrDie();
    const auto out = Through(type, {values, empty, values}, {2, 0, 1});
    const auto expected = arrow::Concatenate({values, empty, values}).ValueOrDie();
    EXPECT_TRUE(out->Equals(*expected)) << type->ToString() << "\n" << out->ToString();
  }
}

TEST(ColumnBuffer, TakesSlices) {
  arrow::Int64Builder builder;
  ASSERT_OK(builder.AppendValues({1, 2, 3, 4, 5}));
  ASSERT_OK(builder.AppendNull());
  const auto slice = builder.Finish().ValueOrDie()->Slice(2, 4);
  const auto out = Through(arrow::int64(), {slice}, {0, 3});
  EXPECT_EQ(out->null_count(), 1);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*out).Value(0), 3);
}

TEST(StringMemo, GrowsAndFindsEveryStringAgain) {
  StringMemo memo;
  arrow::StringBuilder builder;
  for (int i = 0; i < 10'000; ++i) ASSERT_OK(builder.Append("value-" + std::to_string(i % 5'000)));
  const auto array = builder.Finish().ValueOrDie();
  std::vector<int32_t> ids(array->length());
  memo.Intern(static_cast<const arrow::StringArray&>(*array), ids.data());
  EXPECT_EQ(memo.size(), 5'000);
  for (int i = 0; i < 5'000; ++i) {
    EXPECT_EQ(ids[i], ids[i + 5'000]);
    EXPECT_EQ(memo.at(ids[i]), "value-" + std::to_string(i));
  }
  EXPECT_GT(memo.memory(), 5'000 * 10);
}

}  // namespace
}  // namespace glaux
