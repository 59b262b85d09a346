#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// Whether INSERT takes values of a type for a column of another: as Trino coerces, where no value can be lost; and the
/// 38 digits of the embedded engine's sums for whole numbers, checked value by value.
bool CanInsert(const arrow::DataType& from, const arrow::DataType& to);

/// Whether a column of the embedded engine may be NULL without a type, which it gives as int.
bool MayBeUntyped(const arrow::DataType& from);

/// The batch with its columns, by position, as `schema` has them. kInvalid names the column whose value does not fit;
/// of types that CanInsert does not take, null alone does.
Result<std::shared_ptr<arrow::RecordBatch>> CastColumns(const arrow::RecordBatch& batch,
                                                        const std::shared_ptr<arrow::Schema>& schema,
                                                        const std::string& subject);

}  // namespace glaux
