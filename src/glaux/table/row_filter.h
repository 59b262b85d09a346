#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "glaux/schema/predicate.h"

namespace glaux {

/// The rows of a batch for which a predicate is true. The batch must have every column that the predicate names.
Result<std::shared_ptr<arrow::RecordBatch>> FilterRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const Predicate& predicate);

}  // namespace glaux
