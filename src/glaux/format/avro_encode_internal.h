#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "glaux/base/status.h"

namespace glaux {

/// Appends the values of one array in Avro's binary encoding, as AvroSchemaOf says them. The array must outlive it.
class AvroEncoder {
 public:
  virtual ~AvroEncoder() = default;
  /// kInvalid for a value that the Avro type cannot hold. `row` counts from the array's begin.
  virtual Status Append(int64_t row, std::string* out) const = 0;

  /// Values of a field: with the branch of the union in front if it is nullable. A null in one that is not is kInvalid.
  static Result<std::unique_ptr<AvroEncoder>> Make(const arrow::Array& array, const arrow::Field& field);
};

}  // namespace glaux
