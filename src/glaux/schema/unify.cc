#include <arrow/api.h>

#include "glaux/schema/evolution.h"
#include "glaux/schema/numeric_internal.h"
#include "glaux/schema/type_table_internal.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;
using schema_internal::DigitsOf;
using schema_internal::IntegerDigits;
using schema_internal::IsFloating;
using schema_internal::IsListLike;

TypePtr UnifyStructs(const arrow::StructType& left, const arrow::StructType& right) {
  arrow::FieldVector fields;
  for (const auto& field : left.fields()) {
    const auto other = right.GetFieldByName(field->name());
    if (other == nullptr) {
      fields.push_back(field->WithNullable(true));
    } else {
      fields.push_back(arrow::field(field->name(), UnifyTypes(field->type(), other->type()),
                                    field->nullable() || other->nullable()));
    }
  }
  for (const auto& field : right.fields()) {
    if (left.GetFieldByName(field->name()) == nullptr) fields.push_back(field->WithNullable(true));
  }
  return arrow::struct_(std::move(fields));
}

/// Of two types that a table stores. Everything that has no better answer is text, and text stays text: that keeps the
/// result independent of the order in which files are seen.
TypePtr UnifyStored(const TypePtr& left, const TypePtr& right) {
  if (left->Equals(right)) return left;
  const int left_digits = IntegerDigits(*left);
  const int right_digits = IntegerDigits(*right);
  if (left_digits > 0 && right_digits > 0) return left_digits > right_digits ? left : right;
  if ((left_digits > 0 || IsFloating(*left)) && (right_digits > 0 || IsFloating(*right))) return arrow::float64();
  const auto l = DigitsOf(*left);
  const auto r = DigitsOf(*right);
  if (l.any() && r.any()) {
    const int scale = std::max(l.after, r.after);
    const int precision = std::max(l.before, r.before) + scale;
    return precision <= arrow::Decimal128Type::kMaxPrecision ? arrow::decimal128(precision, scale) : arrow::utf8();
  }
  const auto is_time = [](Type::type id) { return id == Type::DATE32 || id == Type::TIMESTAMP; };
  if (is_time(left->id()) && is_time(right->id())) return arrow::timestamp(arrow::TimeUnit::MICRO);
  return arrow::utf8();
}

}  // namespace

TypePtr UnifyTypes(const TypePtr& left, const TypePtr& right) {
  if (left->id() == Type::NA) return right;
  if (right->id() == Type::NA || left->Equals(right)) return left;
  const auto l = schema_internal::Plain(left);
  const auto r = schema_internal::Plain(right);
  if (!l.ok() || !r.ok()) return arrow::utf8();
  const auto& a = **l;
  const auto& b = **r;
  if (a.id() == Type::STRUCT && b.id() == Type::STRUCT) {
    return UnifyStructs(static_cast<const arrow::StructType&>(a), static_cast<const arrow::StructType&>(b));
  }
  if (IsListLike(a) && IsListLike(b))
    return schema_internal::ListOf(UnifyTypes(a.field(0)->type(), b.field(0)->type()));
  if (a.id() == Type::MAP && b.id() == Type::MAP) {
    const auto& x = static_cast<const arrow::MapType&>(a);
    const auto& y = static_cast<const arrow::MapType&>(b);
    return arrow::map(UnifyTypes(x.key_type(), y.key_type()), UnifyTypes(x.item_type(), y.item_type()));
  }
  if (arrow::is_nested(a.id()) || arrow::is_nested(b.id())) return arrow::utf8();
  // Durations are stored as counts of their own unit: counts of two units do not mix.
  if (a.id() == Type::DURATION || b.id() == Type::DURATION) return arrow::utf8();
  const auto stored_left = StoredType(a);
  const auto stored_right = StoredType(b);
  if (!stored_left.ok() || !stored_right.ok()) return arrow::utf8();
  return UnifyStored(*stored_left, *stored_right);
}

}  // namespace glaux
