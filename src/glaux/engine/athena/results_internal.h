#pragma once

#include <arrow/record_batch.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "glaux/engine/athena/query_internal.h"
#include "glaux/engine/athena/result_types_internal.h"

namespace glaux::athena {

/// What the way to a result needs.
struct ResultSource {
  std::shared_ptr<AthenaConnection> connection;
  AthenaResults results = AthenaResults::kAuto;
  LocationResolver resolve;
  /// The columns of the query by EXPLAIN.
  std::function<Result<std::vector<ExplainedColumn>>()> explain;
  std::function<void(std::string_view)> note;
};

struct OpenedResult {
  std::shared_ptr<arrow::RecordBatchReader> rows;
  std::string path;  ///< which way they come, for people
};

/// The rows of a query that has succeeded.
/// \param unload_location where an UNLOAD of ours has written; empty: it was none
Result<OpenedResult> OpenResult(const ResultSource& source, const wire::QueryExecution& execution,
                                const std::string& unload_location);

}  // namespace glaux::athena
