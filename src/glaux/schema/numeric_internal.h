#pragma once

#include <arrow/type.h>

namespace glaux::schema_internal {

/// Decimal digits that hold every value of a signed integer type; 0 for any other type.
inline int IntegerDigits(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return 3;
    case arrow::Type::INT16:
      return 5;
    case arrow::Type::INT32:
      return 10;
    case arrow::Type::INT64:
      return 19;
    default:
      return 0;
  }
}

inline bool IsFloating(const arrow::DataType& type) {
  return type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE;
}

/// Digits before and after the point of a decimal128 or a signed integer; none of either for any other type.
struct Digits {
  int before = 0, after = 0;
  bool any() const { return before + after > 0; }
};

inline Digits DigitsOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DECIMAL128) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    return {decimal.precision() - decimal.scale(), decimal.scale()};
  }
  return {IntegerDigits(type), 0};
}

inline bool IsListLike(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST:
      return true;
    default:
      return false;
  }
}

}  // namespace glaux::schema_internal
