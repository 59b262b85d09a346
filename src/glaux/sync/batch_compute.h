#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// What pipelines and writes ask of Arrow's kernels, so that one file includes them.

/// Rows for which `mask` (boolean; null is false) is true.
Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const std::shared_ptr<arrow::Array>& mask);

/// "less", "less_equal", "greater", "greater_equal", "equal" of each value with one; null where the value is null.
Result<std::shared_ptr<arrow::Array>> CompareWith(const std::shared_ptr<arrow::Array>& values, const char* comparison,
                                                  const std::shared_ptr<arrow::Scalar>& scalar);
Result<bool> CompareScalars(const std::shared_ptr<arrow::Scalar>& left, const char* comparison,
                            const std::shared_ptr<arrow::Scalar>& right);
/// One value as another type, exactly.
Result<std::shared_ptr<arrow::Scalar>> CastScalar(const std::shared_ptr<arrow::Scalar>& value,
                                                  const std::shared_ptr<arrow::DataType>& type);
/// Greatest value that is not null; a null scalar if there is none.
Result<std::shared_ptr<arrow::Scalar>> MaxOf(const std::shared_ptr<arrow::Array>& values);
/// Least and greatest value that is not null; null scalars if there is none.
Result<std::pair<std::shared_ptr<arrow::Scalar>, std::shared_ptr<arrow::Scalar>>> MinMaxOf(
    const std::shared_ptr<arrow::Array>& values);
/// Each value once.
Result<std::shared_ptr<arrow::Array>> Distinct(const std::shared_ptr<arrow::Array>& values);
Result<std::shared_ptr<arrow::Array>> IsNullMask(const std::shared_ptr<arrow::Array>& values);
Result<std::shared_ptr<arrow::Array>> IsValidMask(const std::shared_ptr<arrow::Array>& values);
Result<std::shared_ptr<arrow::Array>> IsNullOrNaNMask(const std::shared_ptr<arrow::Array>& values);
Result<std::shared_ptr<arrow::Array>> Negated(const std::shared_ptr<arrow::Array>& mask);

/// "no column nam; there are id, name; did you mean name?", for errors about a column that was asked for.
std::string NoColumn(const std::string& name, const arrow::Schema& there);

/// Dictionaries become the values that they stand for.
Result<std::shared_ptr<arrow::Array>> Decode(const std::shared_ptr<arrow::Array>& array);

/// The batch with the columns of `schema`, matched by name: cast exactly or not at all, null where it has no such
/// column. kInvalid with code kTypeConflict names the column and, where one is at fault, a value.
Result<std::shared_ptr<arrow::RecordBatch>> CastExactly(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                        const std::shared_ptr<arrow::Schema>& schema,
                                                        std::string_view subject);

/// The batch with a bigint column behind the others that counts from `first`.
Result<std::shared_ptr<arrow::RecordBatch>> WithSequence(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                         const std::string& column, int64_t first);

/// Each row as one JSON object on one line, without keys whose value is null.
Result<std::vector<std::string>> JsonLines(const std::shared_ptr<arrow::RecordBatch>& batch);

/// The position of a column, its name compared without case; -1 if there is none.
int FindColumn(const arrow::Schema& schema, std::string_view name);

}  // namespace glaux
