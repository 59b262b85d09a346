#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "glaux/engine/athena/athena_connection_internal.h"
#include "glaux/engine/athena/result_block_internal.h"
#include "glaux/store/object_store.h"

namespace glaux::athena {

/// How a result object holds its rows.
enum class ResultForm {
  kCsv,    ///< a line of names, then rows in quotes
  kLines,  ///< values between tabs
};

/// The rows of a result object: read in pieces, many at once, and read by all cores, in order.
/// \param what names the result in errors: "query 5f0c…"
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadResultObject(std::shared_ptr<ObjectReader> object,
                                                                   std::shared_ptr<const ResultColumns> columns,
                                                                   ResultForm form, std::string what);

/// The rows of a page of GetQueryResults and of the pages behind it.
std::shared_ptr<arrow::RecordBatchReader> ReadResultPages(std::shared_ptr<AthenaConnection> connection, std::string id,
                                                          wire::GetQueryResultsResponse first,
                                                          std::shared_ptr<const ResultColumns> columns,
                                                          ResultForm form);

}  // namespace glaux::athena
